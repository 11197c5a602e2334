import { bytes, integer, type SqlReader, type SqlWriter } from '../storage/database/database.ts'
import { packChange, unpackNumbers } from './rules/finding-counts.ts'

/** What the counts of sets that hold a holding change by; numbers in the order of `countNames`. */
export interface CountChange {
  readonly holdingId: number
  readonly numbers: readonly number[]
}

export async function listCountChanges(reader: SqlReader): Promise<readonly CountChange[]> {
  const rows = await reader.all('SELECT holding_id, change FROM count_changes ORDER BY holding_id')
  return rows.map((row) => ({
    holdingId: integer(row, 'holding_id'),
    numbers: unpackNumbers(bytes(row, 'change')),
  }))
}

/** Notes what holdings changed by since it was last noted; from now on it counts as added. `last`: where to go on. */
export async function gatherCountChanges(
  tx: SqlWriter,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<{ readonly count: number; readonly last: number }> {
  const rows = await tx.all(
    'SELECT id, counts, applied FROM holdings WHERE counts <> applied AND id > $1 ORDER BY id LIMIT $2',
    [after, limit],
  )
  for (const row of rows) {
    const counts = bytes(row, 'counts')
    await tx.run('INSERT INTO count_changes (holding_id, change) VALUES ($1, $2)', [
      integer(row, 'id'),
      packChange(bytes(row, 'applied'), counts),
    ])
    await tx.run('UPDATE holdings SET applied = $1 WHERE id = $2', [counts, integer(row, 'id')])
  }
  const last = rows.at(-1)
  return { count: rows.length, last: last === undefined ? after : integer(last, 'id') }
}

export async function deleteCountChanges(tx: SqlWriter): Promise<void> {
  await tx.run('DELETE FROM count_changes')
}
