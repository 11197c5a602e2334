import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import type { SigningRule } from './rules/signing-configuration.ts'
import { signingConfigurationError } from './signing-configuration-errors.ts'
import {
  deleteSigningRules,
  findSigningRules,
  writeSigningRules,
} from './signing-configuration-store.ts'

/** The whole document, in the place of the former one. */
export async function putSigningConfiguration(
  deps: { readonly database: Database; readonly clock: Clock },
  input: {
    readonly account: AccountId
    readonly rules: readonly SigningRule[]
    readonly by: string
  },
): Promise<void> {
  const now = deps.clock.now()
  await deps.database.transaction((tx) => writeSigningRules(tx, input.account, input, now))
}

/** Or SIGNING_CONFIGURATION_UNKNOWN. */
export async function getSigningConfiguration(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly SigningRule[]> {
  const rules = await findSigningRules(reader, account)
  if (rules !== undefined) return rules
  const message = `the registry with id '${account}' has no signing configuration`
  throw signingConfigurationError('SIGNING_CONFIGURATION_UNKNOWN', message, { account })
}

/** What was put; signatures that are there stay. SIGNING_CONFIGURATION_UNKNOWN. */
export async function deleteSigningConfiguration(
  { database }: { readonly database: Database },
  account: AccountId,
): Promise<readonly SigningRule[]> {
  return database.transaction(async (tx) => {
    const rules = await getSigningConfiguration(tx, account)
    await deleteSigningRules(tx, account)
    return rules
  })
}
