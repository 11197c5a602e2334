import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import { findSetting } from '../access/policy-snapshot-store.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { putSettingRow } from './account-setting-store.ts'
import { registryError } from './errors.ts'

/** Every setting of an account's registry, its values, and what holds where none was put. */
const settings = {
  BASIC_SCAN_TYPE_VERSION: { values: ['AWS_NATIVE'], fallback: 'AWS_NATIVE' },
  REGISTRY_POLICY_SCOPE: { values: ['V1', 'V2'], fallback: 'V2' },
  BLOB_MOUNTING: { values: ['ENABLED', 'DISABLED'], fallback: 'ENABLED' },
} as const satisfies Record<
  string,
  { readonly values: readonly string[]; readonly fallback: string }
>

type SettingName = keyof typeof settings

/** What was put, else what holds by itself; ACCOUNT_SETTING_INVALID for a name that is none. */
export async function getAccountSetting(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<string> {
  return readSetting(reader, account, requireName(name))
}

export async function readSetting(
  reader: SqlReader,
  account: AccountId,
  name: SettingName,
): Promise<string> {
  return (await findSetting(reader, account, name)) ?? settings[name].fallback
}

/** From now on; ACCOUNT_SETTING_INVALID for a name or value that is none. */
export async function putAccountSetting(
  database: Database,
  input: { readonly account: AccountId; readonly name: string; readonly value: string },
): Promise<void> {
  const { account, value } = input
  const name = requireName(input.name)
  const values: readonly string[] = settings[name].values
  if (!values.includes(value)) {
    const message = `the value of ${name} must be ${values.join(' or ')}`
    throw registryError('ACCOUNT_SETTING_INVALID', message, { name })
  }
  await database.transaction(async (tx) => {
    await putSettingRow(tx, account, { name, value })
    await bumpPolicyEpoch(tx)
  })
}

function requireName(name: string): SettingName {
  if (isSettingName(name)) return name
  const message = `there is no account setting ${JSON.stringify(name.slice(0, 64))}; there are ${Object.keys(settings).join(', ')}`
  throw registryError('ACCOUNT_SETTING_INVALID', message)
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}
