import { putRegistryPolicy as put } from '../../../registry/put-registry-policy.ts'
import type { EcrCall, EcrDeps } from './call.ts'

export async function putRegistryPolicy(
  deps: EcrDeps,
  { policyText }: { readonly policyText: string },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  await put(deps, { account: caller.accountId, text: policyText })
  return { registryId: caller.accountId, policyText }
}
