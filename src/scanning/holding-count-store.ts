// Findings of holdings that have any, and what of them the counts of sets include.
import { bytes, integer, type SqlReader, type SqlWriter } from '../storage/database/database.ts'
import { readByIds, writeByIds } from '../storage/database/by-ids.ts'
import { insertRows } from '../storage/database/many-rows.ts'
import { noFindings, packChange, packCounts, unpackNumbers } from './rules/finding-counts.ts'

const nothing = packCounts(noFindings)

export interface HoldingCounts {
  readonly id: number
  readonly counts: Uint8Array
}

/** As of now; holdings without findings are not among them. */
export async function readHoldingCounts(
  reader: SqlReader,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Uint8Array>> {
  const rows = await readByIds(
    reader,
    ids,
    (places) => `SELECT holding_id, counts FROM holding_counts WHERE holding_id IN (${places})`,
  )
  return new Map(rows.map((row) => [integer(row, 'holding_id'), bytes(row, 'counts')]))
}

export async function writeHoldingCounts(
  tx: SqlWriter,
  counted: readonly HoldingCounts[],
): Promise<void> {
  const into = 'holding_counts (holding_id, counts, applied)'
  const onConflict = 'ON CONFLICT (holding_id) DO UPDATE SET counts = excluded.counts'
  await insertRows(
    tx,
    { into, onConflict },
    counted.map(({ id, counts }) => [id, counts, nothing]),
  )
}

/** What the counts of sets include, in the order of `countNames`; holdings of which they include nothing are not among them. */
export async function readAppliedCounts(
  reader: SqlReader,
  ids: readonly number[],
): Promise<ReadonlyMap<number, readonly number[]>> {
  const rows = await readByIds(
    reader,
    ids,
    (places) => `SELECT holding_id, applied FROM holding_counts WHERE holding_id IN (${places})`,
  )
  return new Map(
    rows.map((row) => [integer(row, 'holding_id'), unpackNumbers(bytes(row, 'applied'))]),
  )
}

/** Notes what holdings changed by since it was last noted; from now on it counts as added. `last`: where to go on. */
export async function gatherCountChanges(
  tx: SqlWriter,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<{ readonly count: number; readonly last: number }> {
  const rows = await tx.all(
    `SELECT holding_id, counts, applied FROM holding_counts
     WHERE counts <> applied AND holding_id > $1 ORDER BY holding_id LIMIT $2`,
    [after, limit],
  )
  const ids = rows.map((row) => integer(row, 'holding_id'))
  await insertRows(
    tx,
    { into: 'count_changes (holding_id, change)' },
    rows.map((row) => [
      integer(row, 'holding_id'),
      packChange(bytes(row, 'applied'), bytes(row, 'counts')),
    ]),
  )
  await writeByIds(
    tx,
    ids,
    (places) => `UPDATE holding_counts SET applied = counts WHERE holding_id IN (${places})`,
  )
  await writeByIds(
    tx,
    ids,
    (places, [none]) => `DELETE FROM holding_counts WHERE holding_id IN (${places})
     AND counts = ${none} AND applied = ${none}`,
    [nothing],
  )
  return { count: rows.length, last: ids.at(-1) ?? after }
}
