import type { SqlValue, SqlWriter } from './database.ts'

/** So many, or one: two texts of each statement, which are prepared once. */
const rowsAtOnce = 20

/** Inserts rows with few statements. `into` names table and columns; `onConflict` says what happens to those that are there. */
export async function insertRows(
  tx: SqlWriter,
  { into, onConflict = '' }: { readonly into: string; readonly onConflict?: string },
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  for (let start = 0; start < rows.length;) {
    const count = rows.length - start >= rowsAtOnce ? rowsAtOnce : 1
    const part = rows.slice(start, start + count)
    start += count
    let place = 0
    const places = part.map((row) => `(${row.map(() => `$${(place += 1)}`).join(', ')})`)
    await tx.run(`INSERT INTO ${into} VALUES ${places.join(', ')} ${onConflict}`, part.flat())
  }
}
