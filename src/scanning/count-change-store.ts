import { bytes, integer, type SqlReader, type SqlWriter } from '../storage/database/database.ts'
import { unpackNumbers } from './rules/finding-counts.ts'

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

export async function deleteCountChanges(tx: SqlWriter): Promise<void> {
  await tx.run('DELETE FROM count_changes')
}
