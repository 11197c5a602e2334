import { getAccountSetting as get } from '../../../registry/account-setting.ts'
import type { EcrCall, EcrDeps } from './call.ts'

export async function getAccountSetting(
  deps: EcrDeps,
  { name }: { readonly name: string },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  return { name, value: await get(deps.database, caller.accountId, name) }
}
