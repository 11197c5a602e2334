import type { AccountId } from '../../../policy/account-id.ts'
import { getPullThroughRule } from '../../../replication/change-pull-through-rule.ts'
import {
  listPullThroughRules,
  type PullThroughRule,
} from '../../../replication/pull-through-rule-store.ts'
import { epochSeconds, ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { keysetPage, refusePagingWithIds } from './page.ts'
import { renderPullThrough } from './pull-through-shape.ts'

/** By prefix (one unknown prefix fails the call), or page by page in order of prefixes. */
export async function describePullThroughCacheRules(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly ecrRepositoryPrefixes?: readonly string[]
    readonly nextToken?: string
    readonly maxResults?: number
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const { ecrRepositoryPrefixes, nextToken, maxResults } = input
  if (ecrRepositoryPrefixes !== undefined) {
    refusePagingWithIds('ecrRepositoryPrefixes', input)
    const named = new Map<string, PullThroughRule>()
    for (const prefix of ecrRepositoryPrefixes) {
      const rule = await getPullThroughRule(deps.database, { account, prefix })
      named.set(rule.prefix, rule)
    }
    return { pullThroughCacheRules: [...named.values()].map((rule) => renderRule(account, rule)) }
  }
  const page = {
    operation: 'DescribePullThroughCacheRules',
    inputs: account,
    nextToken,
    maxResults,
  }
  const { shown, next } = await keysetPage(deps, page, {
    list: (part) => listPullThroughRules(deps.database, account, part),
    keyOf: ({ prefix }) => prefix,
  })
  return { pullThroughCacheRules: shown.map((rule) => renderRule(account, rule)), ...next }
}

function renderRule(account: AccountId, rule: PullThroughRule): Readonly<Record<string, unknown>> {
  return {
    ...renderPullThrough(account, rule),
    upstreamRegistryUrl: rule.upstreamUrl,
    upstreamRegistry: rule.upstream,
    createdAt: epochSeconds(rule.madeAt),
    updatedAt: epochSeconds(rule.changedAt),
  }
}
