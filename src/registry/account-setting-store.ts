import type { AccountId } from '../policy/account-id.ts'
import type { SqlWriter } from '../storage/database/database.ts'

export async function putSettingRow(
  tx: SqlWriter,
  account: AccountId,
  setting: { readonly name: string; readonly value: string },
): Promise<void> {
  await tx.run(
    `INSERT INTO account_settings (account, name, value) VALUES ($1, $2, $3)
     ON CONFLICT (account, name) DO UPDATE SET value = excluded.value`,
    [account, setting.name, setting.value],
  )
}
