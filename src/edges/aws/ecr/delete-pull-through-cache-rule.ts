import { deletePullThroughRule } from '../../../replication/change-pull-through-rule.ts'
import { epochSeconds, ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { renderPullThrough } from './pull-through-shape.ts'

/** Answers what was there. */
export async function deletePullThroughCacheRule(
  deps: EcrDeps,
  input: { readonly registryId?: string; readonly ecrRepositoryPrefix: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const rule = await deletePullThroughRule(deps, { account, prefix: input.ecrRepositoryPrefix })
  return {
    ...renderPullThrough(account, rule),
    upstreamRegistryUrl: rule.upstreamUrl,
    createdAt: epochSeconds(rule.madeAt),
  }
}
