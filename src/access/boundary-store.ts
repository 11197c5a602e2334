import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'

/** Whether the account has a managed policy of that path and name, letter for letter. */
export async function hasManagedPolicy(
  reader: SqlReader,
  account: AccountId,
  policy: { readonly path: string; readonly name: string },
): Promise<boolean> {
  const row = await reader.first(
    'SELECT id FROM managed_policies WHERE account = $1 AND name_key = $2 AND name = $3 AND path = $4',
    [account, policy.name.toLowerCase(), policy.name, policy.path],
  )
  return row !== undefined
}
