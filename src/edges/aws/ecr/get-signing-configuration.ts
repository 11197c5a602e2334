import { getSigningConfiguration as get } from '../../../trust/signing-configuration.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { renderSigningRules } from './signing-configuration-shape.ts'

export async function getSigningConfiguration(
  deps: EcrDeps,
  _input: unknown,
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const rules = await get(deps.database, caller.accountId)
  return { registryId: caller.accountId, signingConfiguration: renderSigningRules(rules) }
}
