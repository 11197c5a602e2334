import { changePullThroughRule } from '../../../replication/change-pull-through-rule.ts'
import { epochSeconds, ownRegistry, type EcrCall, type EcrDeps } from './call.ts'
import { renderPullThrough, type AccessShape } from './pull-through-shape.ts'

export async function updatePullThroughCacheRule(
  deps: EcrDeps,
  input: AccessShape & { readonly registryId?: string; readonly ecrRepositoryPrefix: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const account = ownRegistry(call, input.registryId)
  const { ecrRepositoryPrefix: prefix, credentialArn, customRoleArn } = input
  const named = { account, prefix, credentialArn, customRoleArn }
  const rule = await changePullThroughRule(deps, named)
  return { ...renderPullThrough(account, rule), updatedAt: epochSeconds(rule.changedAt) }
}
