import { deleteRegistryPolicy as remove } from '../../../registry/put-registry-policy.ts'
import type { EcrCall, EcrDeps } from './call.ts'

export async function deleteRegistryPolicy(
  deps: EcrDeps,
  _input: unknown,
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const policyText = await remove(deps.database, caller.accountId)
  return { registryId: caller.accountId, policyText }
}
