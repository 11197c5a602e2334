// Spec:     Amazon ECR API Reference, PutAccountSetting.
// Deviates: BLOB_MOUNTING is ENABLED and REGISTRY_POLICY_SCOPE is V2 where nothing was put.
import { putAccountSetting as put } from '../../../registry/account-setting.ts'
import type { EcrCall, EcrDeps } from './call.ts'

export async function putAccountSetting(
  deps: EcrDeps,
  { name, value }: { readonly name: string; readonly value: string },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  await put(deps.database, { account: caller.accountId, name, value })
  return { name, value }
}
