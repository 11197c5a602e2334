import { integer, type SqlReader } from '../storage/database/database.ts'

/** A package that has a flaw now, and the match that says so first: those of one flaw are in the order in which they were found. */
export interface FlawHolder {
  readonly packageId: number
  readonly matchId: number
}

/** Every package of which data says a flaw now, under any of its names. */
export async function listFlawHolders(
  reader: SqlReader,
  names: readonly string[],
): Promise<readonly FlawHolder[]> {
  const places = names.map((_, index) => `$${index + 1}`).join(', ')
  const rows = await reader.all(
    `SELECT package_id, MIN(id) AS match_id FROM matches
     WHERE vulnerability IN (${places}) AND until_revision IS NULL GROUP BY package_id`,
    names,
  )
  return rows.map((row) => ({
    packageId: integer(row, 'package_id'),
    matchId: integer(row, 'match_id'),
  }))
}
