import { createPullThroughRule } from '../../../replication/create-pull-through-rule.ts'
import type { UpstreamKind } from '../../../replication/rules/upstreams.ts'
import { epochSeconds, ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { renderPullThrough, type AccessShape } from './pull-through-shape.ts'

export async function createPullThroughCacheRule(
  deps: EcrDeps,
  input: AccessShape & {
    readonly registryId?: string
    readonly ecrRepositoryPrefix: string
    readonly upstreamRegistryUrl: string
    readonly upstreamRegistry?: UpstreamKind
    readonly upstreamRepositoryPrefix?: string
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const rule = await createPullThroughRule(deps, {
    account,
    writtenPrefix: input.ecrRepositoryPrefix,
    upstreamUrl: input.upstreamRegistryUrl,
    upstream: input.upstreamRegistry,
    upstreamPrefix: input.upstreamRepositoryPrefix,
    credentialArn: input.credentialArn,
    customRoleArn: input.customRoleArn,
    by: call.caller.principalArn,
  })
  return {
    ...renderPullThrough(account, rule),
    upstreamRegistryUrl: rule.upstreamUrl,
    upstreamRegistry: rule.upstream,
    createdAt: epochSeconds(rule.madeAt),
  }
}
