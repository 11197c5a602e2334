import { deregisterPullTimeExclusion } from '../../../registry/pull-time-exclusions.ts'
import type { EcrCall, EcrDeps } from './call.ts'

export async function deregisterPullTimeUpdateExclusion(
  deps: EcrDeps,
  { principalArn }: { readonly principalArn: string },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  await deregisterPullTimeExclusion(deps, { account: caller.accountId, roleArn: principalArn })
  return { principalArn }
}
