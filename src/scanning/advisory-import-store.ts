import { integer, text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** False when the running import met this key before. */
export async function recordImportKey(tx: SqlWriter, key: string): Promise<boolean> {
  const written = await tx.run(
    'INSERT INTO advisory_import_keys (advisory_key) VALUES ($1) ON CONFLICT (advisory_key) DO NOTHING',
    [key],
  )
  return written === 1
}

export async function clearImportKeys(tx: SqlWriter): Promise<void> {
  await tx.run('DELETE FROM advisory_import_keys')
}

const present = 'source = $1 AND until_revision IS NULL'
const absent = `${present} AND NOT EXISTS
  (SELECT 1 FROM advisory_import_keys k WHERE k.advisory_key = advisories.advisory_key)`

/** Records of a source that the running import did not meet; those that speak of `except` alone are not counted. */
export async function countAbsentAdvisories(
  reader: SqlReader,
  source: string,
  except: readonly string[],
): Promise<number> {
  const listed = except.map((_, at) => `$${at + 2}`).join(', ')
  const row = await reader.first(
    `SELECT COUNT(*) AS absent FROM advisories WHERE ${absent}
     ${
       except.length === 0
         ? ''
         : `AND (NOT EXISTS (SELECT 1 FROM advisory_packages p WHERE p.advisory_row = advisories.id)
       OR EXISTS (SELECT 1 FROM advisory_packages p WHERE p.advisory_row = advisories.id AND p.ecosystem NOT IN (${listed})))`
     }`,
    [source, ...except],
  )
  return row === undefined ? 0 : integer(row, 'absent')
}

/** Those that the running import did not meet, or (`isWhole`) all that a source has. */
export async function listAbsentAdvisories(
  reader: SqlReader,
  source: string,
  page: { readonly after: string; readonly limit: number; readonly isWhole?: boolean },
): Promise<readonly { readonly row: number; readonly key: string }[]> {
  const rows = await reader.all(
    `SELECT id, advisory_key FROM advisories
     WHERE ${page.isWhole === true ? present : absent} AND advisory_key > $2
     ORDER BY advisory_key LIMIT $3`,
    [source, page.after, page.limit],
  )
  return rows.map((row) => ({ row: integer(row, 'id'), key: text(row, 'advisory_key') }))
}

/** Records that a source has at present. */
export async function countPresentAdvisories(reader: SqlReader, source: string): Promise<number> {
  const row = await reader.first(
    'SELECT COUNT(*) AS present FROM advisories WHERE source = $1 AND until_revision IS NULL',
    [source],
  )
  return row === undefined ? 0 : integer(row, 'present')
}

/**
 * Takes back a part of what an import wrote above `revision`; 0 when nothing is left of it.
 * New rows go first: an ended row may only live again when its successor is gone.
 */
export async function discardAbove(
  tx: SqlWriter,
  revision: number,
  limit: number,
): Promise<number> {
  const deleted = await tx.run(
    'DELETE FROM advisories WHERE id IN (SELECT id FROM advisories WHERE from_revision > $1 LIMIT $2)',
    [revision, limit],
  )
  if (deleted > 0) return deleted
  const revived = await tx.run(
    `UPDATE advisories SET until_revision = NULL
     WHERE id IN (SELECT id FROM advisories WHERE until_revision > $1 LIMIT $2)`,
    [revision, limit],
  )
  if (revived > 0) return revived
  await tx.run('DELETE FROM advisory_changes WHERE revision > $1', [revision])
  await clearImportKeys(tx)
  return 0
}
