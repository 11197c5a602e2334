import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { replicationError } from './errors.ts'
import {
  changePullThroughAccess,
  deletePullThroughRuleRow,
  findPullThroughRule,
  type PullThroughRule,
} from './pull-through-rule-store.ts'
import { canonicalPrefix } from './rules/pull-through-rules.ts'
import { faultOfAccess, type UpstreamAccess } from './rules/upstreams.ts'

interface NamedRule {
  readonly account: AccountId
  /** With or without a slash at its end. */
  readonly prefix: string
}

/** How a rule gets in; what is not given stays. PULL_THROUGH_RULE_UNKNOWN, PULL_THROUGH_RULE_INVALID. */
export async function changePullThroughRule(
  deps: { readonly database: Database; readonly clock: Clock },
  input: NamedRule & UpstreamAccess,
): Promise<PullThroughRule> {
  const { account, credentialArn, customRoleArn } = input
  return deps.database.transaction(async (tx) => {
    const rule = await getPullThroughRule(tx, input)
    if (credentialArn === undefined && customRoleArn === undefined) {
      const message = 'credentialArn or customRoleArn must be given: nothing else of a rule changes'
      throw replicationError('PULL_THROUGH_RULE_INVALID', message)
    }
    const changed = {
      ...rule,
      credentialArn: credentialArn ?? rule.credentialArn,
      customRoleArn: customRoleArn ?? rule.customRoleArn,
      changedAt: deps.clock.now(),
    }
    const fault = faultOfAccess({ ...rule, url: rule.upstreamUrl }, changed, account)
    if (fault !== undefined) throw replicationError('PULL_THROUGH_RULE_INVALID', fault)
    await changePullThroughAccess(tx, account, changed)
    return changed
  })
}

/** The rule that was; repositories that it brought stay. PULL_THROUGH_RULE_UNKNOWN. */
export async function deletePullThroughRule(
  { database }: { readonly database: Database },
  input: NamedRule,
): Promise<PullThroughRule> {
  return database.transaction(async (tx) => {
    const rule = await getPullThroughRule(tx, input)
    await deletePullThroughRuleRow(tx, input.account, rule.prefix)
    return rule
  })
}

/** Or PULL_THROUGH_RULE_UNKNOWN. */
export async function getPullThroughRule(
  reader: SqlReader,
  { account, prefix }: NamedRule,
): Promise<PullThroughRule> {
  const rule = await findPullThroughRule(reader, account, canonicalPrefix(prefix))
  if (rule !== undefined) return rule
  const message = `there is no pull through cache rule with the prefix '${prefix}' in the registry with id '${account}'`
  throw replicationError('PULL_THROUGH_RULE_UNKNOWN', message)
}
