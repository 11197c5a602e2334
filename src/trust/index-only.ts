import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import { signingError } from '../signing/errors.ts'
import type { Database } from '../storage/database/database.ts'
import { deleteIndexOnly, listIndexOnly, writeIndexOnly } from './index-only-store.ts'
import { findSigningRules } from './signing-configuration-store.ts'

/** How the rules of the account's signing configuration sign, as far as ECR's API has no words for it. */
export interface RuleOption {
  readonly signingProfileArn: string
  readonly indexOnly: boolean
}

/** In the order of the rules, each profile once; empty where there is no configuration. */
export async function describeRuleOptions(
  { database }: { readonly database: Database },
  account: AccountId,
): Promise<readonly RuleOption[]> {
  const rules = (await findSigningRules(database, account)) ?? []
  const chosen = await listIndexOnly(database, account)
  return [...new Set(rules.map(({ profileArn }) => profileArn))].map((signingProfileArn) => ({
    signingProfileArn,
    indexOnly: chosen.includes(signingProfileArn),
  }))
}

/** SIGNING_RULE_UNKNOWN where no rule names the profile: a slip of the pen is to be told. It stays when rules are put anew. */
export async function putRuleOption(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  input: {
    readonly account: AccountId
    readonly profileArn: string
    readonly indexOnly: boolean
    readonly by: string
  },
): Promise<void> {
  const { account, profileArn, indexOnly, by } = input
  await database.transaction(async (tx) => {
    const rules = (await findSigningRules(tx, account)) ?? []
    if (!rules.some((rule) => rule.profileArn === profileArn)) {
      const message = `no rule of the signing configuration of account ${account} names ${JSON.stringify(profileArn.slice(0, 200))}`
      throw signingError('SIGNING_RULE_UNKNOWN', message)
    }
    if (indexOnly) await writeIndexOnly(tx, account, { profileArn, by }, clock.now())
    else await deleteIndexOnly(tx, account, profileArn)
  })
}
