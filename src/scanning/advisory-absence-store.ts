import type { SqlReader, SqlWriter } from '../storage/database/database.ts'

/** Whether the next whole state of the source is to say again that records are gone. */
export async function hasAbsences(reader: SqlReader, source: string): Promise<boolean> {
  const row = await reader.first(
    'SELECT 1 AS one FROM advisory_absences WHERE source = $1 AND since IS NOT NULL LIMIT 1',
    [source],
  )
  return row !== undefined
}

/** Forgets those that the running import met again, and what an import left that failed. */
export async function clearMetAbsences(tx: SqlWriter, source: string): Promise<void> {
  await tx.run(
    `DELETE FROM advisory_absences WHERE source = $1 AND (since IS NULL OR EXISTS
       (SELECT 1 FROM advisory_import_keys k WHERE k.advisory_key = advisory_absences.advisory_key))`,
    [source],
  )
}

/** True when the last whole state lacked the record too; else it is noted, to count when the import is published. */
export async function noteAbsence(tx: SqlWriter, source: string, key: string): Promise<boolean> {
  const known = await tx.first(
    'SELECT 1 AS one FROM advisory_absences WHERE source = $1 AND advisory_key = $2 AND since IS NOT NULL',
    [source, key],
  )
  if (known !== undefined) {
    await tx.run('DELETE FROM advisory_absences WHERE source = $1 AND advisory_key = $2', [
      source,
      key,
    ])
    return true
  }
  await tx.run(
    `INSERT INTO advisory_absences (source, advisory_key) VALUES ($1, $2)
     ON CONFLICT (source, advisory_key) DO NOTHING`,
    [source, key],
  )
  return false
}

/** From now on what the import noted counts. */
export async function publishAbsences(tx: SqlWriter, source: string, now: Date): Promise<void> {
  await tx.run('UPDATE advisory_absences SET since = $2 WHERE source = $1 AND since IS NULL', [
    source,
    now.getTime(),
  ])
}
