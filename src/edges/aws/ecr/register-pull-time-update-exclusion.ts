import { registerPullTimeExclusion } from '../../../registry/pull-time-exclusions.ts'
import { epochSeconds, type EcrCall, type EcrDeps } from './call.ts'

export async function registerPullTimeUpdateExclusion(
  deps: EcrDeps,
  { principalArn }: { readonly principalArn: string },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { registeredAt } = await registerPullTimeExclusion(deps, {
    account: caller.accountId,
    roleArn: principalArn,
    by: caller.principalArn,
  })
  return { principalArn, createdAt: epochSeconds(registeredAt) }
}
