import { getRegistryPolicy as get } from '../../../registry/put-registry-policy.ts'
import type { EcrCall, EcrDeps } from './call.ts'

export async function getRegistryPolicy(
  deps: EcrDeps,
  _input: unknown,
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const policyText = await get(deps.database, caller.accountId)
  return { registryId: caller.accountId, policyText }
}
