// Purpose:  can images be fetched by a pull-through cache rule?
// Spec:     Amazon ECR API, ValidatePullThroughCacheRule.
// Input:    the prefix of a rule.
// Deviates: rules are not carried out by this version: every rule that is there is invalid, with a failure that says so; nothing is asked of the upstream, and no secret is read.
// Unknowns: none: what was not tried is not valid.
import { getPullThroughRule } from '../../../replication/change-pull-through-rule.ts'
import { ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { renderPullThrough } from './pull-through-shape.ts'

export async function validatePullThroughCacheRule(
  deps: EcrDeps,
  input: { readonly registryId?: string; readonly ecrRepositoryPrefix: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const named = { account, prefix: input.ecrRepositoryPrefix }
  const rule = await getPullThroughRule(deps.database, named)
  return {
    ...renderPullThrough(account, rule),
    upstreamRegistryUrl: rule.upstreamUrl,
    isValid: false,
    failure: `This version of Pratique keeps pull through cache rules and does not carry them out: nothing is fetched from ${rule.upstreamUrl}, and nothing was tried.`,
  }
}
