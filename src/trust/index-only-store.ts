import type { AccountId } from '../policy/account-id.ts'
import { text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** ARNs of the profiles that sign an index and not the images that it lists. */
export async function listIndexOnly(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly string[]> {
  const rows = await reader.all(
    'SELECT profile_arn FROM signing_index_only WHERE account = $1 ORDER BY profile_arn',
    [account],
  )
  return rows.map((row) => text(row, 'profile_arn'))
}

export async function writeIndexOnly(
  tx: SqlWriter,
  account: AccountId,
  put: { readonly profileArn: string; readonly by: string },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO signing_index_only (account, profile_arn, put_by, put_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account, profile_arn) DO UPDATE SET put_by = excluded.put_by, put_at = excluded.put_at`,
    [account, put.profileArn, put.by, now.getTime()],
  )
}

export async function deleteIndexOnly(
  tx: SqlWriter,
  account: AccountId,
  profileArn: string,
): Promise<void> {
  await tx.run('DELETE FROM signing_index_only WHERE account = $1 AND profile_arn = $2', [
    account,
    profileArn,
  ])
}
