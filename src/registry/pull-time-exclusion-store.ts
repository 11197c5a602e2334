import type { AccountId } from '../policy/account-id.ts'
import { integer, text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

export async function isPullExcluded(
  reader: SqlReader,
  account: AccountId,
  roleArn: string,
): Promise<boolean> {
  const row = await reader.first(
    'SELECT 1 AS found FROM pull_time_exclusions WHERE account = $1 AND role_arn = $2',
    [account, roleArn],
  )
  return row !== undefined
}

/** ARNs of roles in their order, after one. */
export async function listPullExclusions(
  reader: SqlReader,
  account: AccountId,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await reader.all(
    'SELECT role_arn FROM pull_time_exclusions WHERE account = $1 AND role_arn > $2 ORDER BY role_arn LIMIT $3',
    [account, page.after, page.limit],
  )
  return rows.map((row) => text(row, 'role_arn'))
}

export async function countPullExclusions(reader: SqlReader, account: AccountId): Promise<number> {
  const sql = 'SELECT COUNT(*) AS n FROM pull_time_exclusions WHERE account = $1'
  const row = await reader.first(sql, [account])
  return row === undefined ? 0 : integer(row, 'n')
}

export async function insertPullExclusion(
  tx: SqlWriter,
  account: AccountId,
  exclusion: { readonly roleArn: string; readonly by: string },
  now: Date,
): Promise<void> {
  await tx.run('INSERT INTO pull_time_exclusions VALUES ($1, $2, $3, $4)', [
    account,
    exclusion.roleArn,
    exclusion.by,
    now.getTime(),
  ])
}

/** Whether there was one. */
export async function deletePullExclusion(
  tx: SqlWriter,
  account: AccountId,
  roleArn: string,
): Promise<boolean> {
  const gone = await tx.run(
    'DELETE FROM pull_time_exclusions WHERE account = $1 AND role_arn = $2',
    [account, roleArn],
  )
  return gone > 0
}
