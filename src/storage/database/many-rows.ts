import type { SqlValue, SqlWriter } from './database.ts'

/** So many, or fewer: a few texts of each statement, which are prepared once. */
const rowsAtOnce = [50, 10, 1] as const

/** Inserts rows with few statements. `into` names table and columns; `onConflict` says what happens to those that are there. */
export async function insertRows(
  tx: SqlWriter,
  { into, onConflict = '' }: { readonly into: string; readonly onConflict?: string },
  rows: readonly (readonly SqlValue[])[],
): Promise<void> {
  const width = rows[0]?.length ?? 0
  let start = 0
  for (const count of rowsAtOnce) {
    if (rows.length - start < count) continue
    const text = `INSERT INTO ${into} VALUES ${placesOf(count, width)} ${onConflict}`
    for (; rows.length - start >= count; start += count)
      await tx.run(text, rows.slice(start, start + count).flat())
  }
}

function placesOf(count: number, width: number): string {
  const rowOf = (row: number): string =>
    Array.from({ length: width }, (_, at) => `$${row * width + at + 1}`).join(', ')
  return Array.from({ length: count }, (_, row) => `(${rowOf(row)})`).join(', ')
}
