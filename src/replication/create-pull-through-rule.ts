import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { replicationError } from './errors.ts'
import {
  countPullThroughRules,
  findPullThroughRule,
  insertPullThroughRule,
  type PullThroughRule,
} from './pull-through-rule-store.ts'
import {
  canonicalPrefix,
  faultOfPrefixes,
  maxPullThroughRules,
  root,
} from './rules/pull-through-rules.ts'
import {
  faultOfAccess,
  readUpstream,
  type UpstreamAccess,
  type UpstreamKind,
} from './rules/upstreams.ts'

interface NewRule extends UpstreamAccess {
  readonly account: AccountId
  readonly writtenPrefix: string
  readonly upstreamUrl: string
  /** What the request says of the URL. */
  readonly upstream: UpstreamKind | undefined
  readonly upstreamPrefix: string | undefined
  readonly by: string
}

/** PULL_THROUGH_RULE_INVALID, UPSTREAM_UNSUPPORTED, PULL_THROUGH_RULE_EXISTS, PULL_THROUGH_RULES_TOO_MANY. */
export async function createPullThroughRule(
  deps: { readonly database: Database; readonly clock: Clock },
  input: NewRule,
): Promise<PullThroughRule> {
  const { account, by } = input
  const rule = readRule(input, deps.clock.now())
  await deps.database.transaction(async (tx) => {
    await requirePlace(tx, account, rule)
    await insertPullThroughRule(tx, account, { ...rule, madeBy: by })
  })
  return rule
}

function readRule(input: NewRule, now: Date): PullThroughRule {
  const { account, writtenPrefix, upstreamUrl, credentialArn, customRoleArn } = input
  const reading = readUpstream(upstreamUrl, input.upstream)
  if (reading.kind !== 'upstream') {
    const code =
      reading.kind === 'unsupported' ? 'UPSTREAM_UNSUPPORTED' : 'PULL_THROUGH_RULE_INVALID'
    throw replicationError(code, reading.words)
  }
  const rule: PullThroughRule = {
    prefix: canonicalPrefix(writtenPrefix),
    writtenPrefix,
    upstream: reading.upstream,
    upstreamUrl,
    upstreamPrefix: input.upstreamPrefix ?? root,
    credentialArn,
    customRoleArn,
    madeAt: now,
    changedAt: now,
  }
  const fault =
    faultOfPrefixes(rule) ??
    faultOfAccess({ upstream: rule.upstream, url: upstreamUrl }, input, account)
  if (fault !== undefined) throw replicationError('PULL_THROUGH_RULE_INVALID', fault)
  return rule
}

async function requirePlace(
  reader: SqlReader,
  account: AccountId,
  { prefix }: PullThroughRule,
): Promise<void> {
  if ((await findPullThroughRule(reader, account, prefix)) !== undefined) {
    const message = `a pull through cache rule with the prefix '${prefix}' exists already in the registry with id '${account}'`
    throw replicationError('PULL_THROUGH_RULE_EXISTS', message)
  }
  if ((await countPullThroughRules(reader, account)) < maxPullThroughRules) return
  const message = `the registry with id '${account}' has ${maxPullThroughRules} pull through cache rules, which is as many as it may`
  throw replicationError('PULL_THROUGH_RULES_TOO_MANY', message, { maxPullThroughRules })
}
