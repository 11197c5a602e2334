import type { AccountId } from '../policy/account-id.ts'
import { integer, type SqlWriter } from '../storage/database/database.ts'

/** Adds to the scans that an account asked for on a day (since 1970, UTC), and gives their number; earlier days are forgotten. */
export async function countAskedScans(
  tx: SqlWriter,
  {
    account,
    day,
    more,
  }: {
    readonly account: AccountId
    readonly day: number
    readonly more: number
  },
): Promise<number> {
  const row = await tx.first(
    `INSERT INTO asked_scans (account, day, scans) VALUES ($1, $2, $3)
     ON CONFLICT (account, day) DO UPDATE SET scans = asked_scans.scans + excluded.scans RETURNING scans`,
    [account, day, more],
  )
  await tx.run('DELETE FROM asked_scans WHERE account = $1 AND day < $2', [account, day])
  return row === undefined ? more : integer(row, 'scans')
}
