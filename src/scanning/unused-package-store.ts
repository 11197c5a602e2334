// Packages and their holdings that nothing refers to any more: marks, and what is removed by them. See migration 0033.
import { readByIds, writeByIds } from '../storage/database/by-ids.ts'
import { insertRows } from '../storage/database/many-rows.ts'
import { integer, text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** What is marked: each has a table of its own. */
export type Marked = 'holdings' | 'packages'

const tables = {
  holdings: { marks: 'unused_holdings', id: 'holding_id' },
  packages: { marks: 'unused_packages', id: 'package_id' },
} as const

/** Of a row `x`, whether something refers to it: a set its holding, a holding its package, or a package whose owner it is. */
const isUsed = {
  holdings: 'EXISTS (SELECT 1 FROM holding_postings p WHERE p.holding_id = x.id)',
  packages: `(EXISTS (SELECT 1 FROM holdings h WHERE h.package_id = x.id)
    OR EXISTS (SELECT 1 FROM holding_owners o WHERE o.owner_id = x.id))`,
} as const

/** A package that is known, and whether nobody named it of late. */
export async function findPackageUse(
  reader: SqlReader,
  tupleHash: string,
): Promise<{ readonly id: number; readonly isMarked: boolean } | undefined> {
  const row = await reader.first(
    `SELECT p.id, u.since FROM packages p LEFT JOIN unused_packages u ON u.package_id = p.id
     WHERE p.tuple_hash = $1`,
    [tupleHash],
  )
  return row && { id: integer(row, 'id'), isMarked: row['since'] !== null }
}

export interface UsePage {
  /** Without a mark. */
  readonly unused: readonly number[]
  /** With one. */
  readonly used: readonly number[]
  readonly last: number | undefined
}

/** Of the rows after an id, those whose mark says something else than what refers to them. */
export async function listMistaken(
  reader: SqlReader,
  what: Marked,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<UsePage> {
  const { marks, id } = tables[what]
  const rows = await reader.all(
    `SELECT x.id, CASE WHEN ${isUsed[what]} THEN 1 ELSE 0 END AS used, CASE WHEN u.since IS NULL THEN 0 ELSE 1 END AS marked
     FROM ${what} x LEFT JOIN ${marks} u ON u.${id} = x.id WHERE x.id > $1 ORDER BY x.id LIMIT $2`,
    [after, limit],
  )
  const idsOf = (used: number): readonly number[] =>
    rows.flatMap((row) =>
      row['used'] === used && row['marked'] === used ? [integer(row, 'id')] : [],
    )
  const last = rows.at(-1)
  return {
    unused: idsOf(0),
    used: idsOf(1),
    last: last === undefined ? undefined : integer(last, 'id'),
  }
}

export async function markUnused(
  tx: SqlWriter,
  what: Marked,
  ids: readonly number[],
  now: Date,
): Promise<void> {
  const { marks, id } = tables[what]
  const into = `${marks} (${id}, since)`
  const onConflict = `ON CONFLICT (${id}) DO UPDATE SET since = excluded.since`
  const since = now.getTime()
  await insertRows(
    tx,
    { into, onConflict },
    ids.map((one) => [one, since]),
  )
}

export async function unmark(tx: SqlWriter, what: Marked, ids: readonly number[]): Promise<void> {
  const { marks, id } = tables[what]
  await writeByIds(tx, ids, (places) => `DELETE FROM ${marks} WHERE ${id} IN (${places})`)
}

/** Marked at a moment or before it, and still unused, the oldest first. */
export async function listDueHoldings(
  reader: SqlReader,
  markedBy: Date,
  limit: number,
): Promise<readonly number[]> {
  const rows = await reader.all(
    `SELECT u.holding_id FROM unused_holdings u JOIN holdings x ON x.id = u.holding_id
     WHERE u.since <= $1 AND NOT ${isUsed.holdings}
       AND NOT EXISTS (SELECT 1 FROM uncounted_packages w WHERE w.package_id = x.package_id)
     ORDER BY u.since, u.holding_id LIMIT $2`,
    [markedBy.getTime(), limit],
  )
  return rows.map((row) => integer(row, 'holding_id'))
}

/** Those of them that are still due: a scan may have taken one up, or its package may wait for being counted. */
export async function deleteHoldings(
  tx: SqlWriter,
  ids: readonly number[],
  markedBy: Date,
): Promise<void> {
  const rows = await readByIds(
    tx,
    ids,
    (
      places,
      [by],
    ) => `SELECT x.id, x.package_id FROM holdings x JOIN unused_holdings u ON u.holding_id = x.id
     WHERE x.id IN (${places}) AND u.since <= ${by} AND NOT ${isUsed.holdings}
       AND NOT EXISTS (SELECT 1 FROM uncounted_packages w WHERE w.package_id = x.package_id)`,
    [markedBy.getTime()],
  )
  const due = rows.map((row) => integer(row, 'id'))
  await writeByIds(tx, due, (places) => `DELETE FROM holdings WHERE id IN (${places})`)
  await writeByIds(
    tx,
    due,
    (places) => `DELETE FROM holding_counts WHERE holding_id IN (${places})`,
  )
  await unmark(tx, 'holdings', due)
  for (const packageId of new Set(rows.map((row) => integer(row, 'package_id'))))
    await forgetOwners(tx, packageId)
}

/** Owners that no holding of the package names any more. */
async function forgetOwners(tx: SqlWriter, packageId: number): Promise<void> {
  const holdings = await tx.all('SELECT owners FROM holdings WHERE package_id = $1', [packageId])
  const named = new Set(holdings.flatMap((row) => text(row, 'owners').split(',')))
  const owners = await tx.all('SELECT owner_id FROM holding_owners WHERE package_id = $1', [
    packageId,
  ])
  for (const row of owners) {
    const owner = integer(row, 'owner_id')
    if (named.has(String(owner))) continue
    await tx.run('DELETE FROM holding_owners WHERE owner_id = $1 AND package_id = $2', [
      owner,
      packageId,
    ])
  }
}

export interface DueBy {
  /** Marks of this moment and before. */
  readonly markedBy: Date
  /** Of packages with matches, in force or ended: they are what can be asked for as of an earlier time. */
  readonly withHistoryBy: Date
}

const isDue = `u.since <= $1 AND NOT ${isUsed.packages}
  AND (u.since <= $2 OR NOT EXISTS (SELECT 1 FROM matches m WHERE m.package_id = x.id))`

/** Where a page of marks ended. */
export interface MarkPlace {
  readonly since: number
  readonly id: number
}

/** Of a page of marks, the oldest first: those that are due. Whether images name them is to be asked of the images. */
export async function listDuePackages(
  reader: SqlReader,
  { markedBy, withHistoryBy }: DueBy,
  { after, limit }: { readonly after: MarkPlace; readonly limit: number },
): Promise<{ readonly due: readonly number[]; readonly last: MarkPlace | undefined }> {
  const rows = await reader.all(
    `SELECT x.id, u.since, CASE WHEN ${isDue} THEN 1 ELSE 0 END AS is_due
     FROM unused_packages u JOIN packages x ON x.id = u.package_id
     WHERE u.since <= $1 AND (u.since, u.package_id) > ($3, $4) ORDER BY u.since, u.package_id LIMIT $5`,
    [markedBy.getTime(), withHistoryBy.getTime(), after.since, after.id, limit],
  )
  const end = rows.at(-1)
  return {
    due: rows.filter((row) => row['is_due'] === 1).map((row) => integer(row, 'id')),
    last: end && { since: integer(end, 'since'), id: integer(end, 'id') },
  }
}

/** From now on nobody finds the package, and no data is held against it; nothing where a scan has taken it up meanwhile. */
export async function letGoOfPackage(
  tx: SqlWriter,
  id: number,
  { markedBy, withHistoryBy }: DueBy,
): Promise<void> {
  const due = await tx.first(
    `SELECT x.id FROM unused_packages u JOIN packages x ON x.id = u.package_id
     WHERE ${isDue} AND x.id = $3`,
    [markedBy.getTime(), withHistoryBy.getTime(), id],
  )
  if (due === undefined) return
  await tx.run(
    `UPDATE packages SET tuple_hash = 'leaving ' || id, matched_revision = NULL WHERE id = $1`,
    [id],
  )
  await tx.run('DELETE FROM package_lookups WHERE package_id = $1', [id])
  await tx.run('DELETE FROM uncounted_packages WHERE package_id = $1', [id])
}

/** Packages that were let go of. */
export async function listLeavingPackages(
  reader: SqlReader,
  limit: number,
): Promise<readonly number[]> {
  const rows = await reader.all(
    `SELECT id FROM packages WHERE tuple_hash >= 'leaving ' AND tuple_hash < 'leaving!' LIMIT $1`,
    [limit],
  )
  return rows.map((row) => integer(row, 'id'))
}

/** How many went. */
export async function deleteSomeMatches(
  tx: SqlWriter,
  packageId: number,
  limit: number,
): Promise<number> {
  return tx.run(
    'DELETE FROM matches WHERE id IN (SELECT id FROM matches WHERE package_id = $1 LIMIT $2)',
    [packageId, limit],
  )
}

/** With its mark; its matches went before. */
export async function deleteLeavingPackage(tx: SqlWriter, id: number): Promise<void> {
  await tx.run(`DELETE FROM packages WHERE id = $1 AND tuple_hash = 'leaving ' || id`, [id])
  await unmark(tx, 'packages', [id])
}
