import type { AccountId } from '../policy/account-id.ts'
import { integer, type SqlReader, type SqlWriter } from '../storage/database/database.ts'
import type { StoredGuardRail } from './policy-snapshot-store.ts'

export type GuardRailKey = Pick<StoredGuardRail, 'kind' | 'level' | 'name'>

export async function putGuardRailRow(
  tx: SqlWriter,
  account: AccountId,
  { kind, level, name, document }: StoredGuardRail,
): Promise<void> {
  await tx.run(
    `INSERT INTO guard_rails (account, kind, level, name, document) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (account, kind, level, name) DO UPDATE SET document = excluded.document`,
    [account, kind, level, name, document],
  )
}

/** False when there is none. */
export async function deleteGuardRailRow(
  tx: SqlWriter,
  account: AccountId,
  { kind, level, name }: GuardRailKey,
): Promise<boolean> {
  const deleted = await tx.run(
    'DELETE FROM guard_rails WHERE account = $1 AND kind = $2 AND level = $3 AND name = $4',
    [account, kind, level, name],
  )
  return deleted === 1
}

/** On one level, others than the one of that name. */
export async function countOtherGuardRails(
  reader: SqlReader,
  account: AccountId,
  { kind, level, name }: GuardRailKey,
): Promise<number> {
  const row = await reader.first(
    'SELECT COUNT(*) AS n FROM guard_rails WHERE account = $1 AND kind = $2 AND level = $3 AND name <> $4',
    [account, kind, level, name],
  )
  return row === undefined ? 0 : integer(row, 'n')
}
