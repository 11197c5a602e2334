import { deleteSigningConfiguration as remove } from '../../../trust/signing-configuration.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { renderSigningRules } from './signing-configuration-shape.ts'

/** Answers what was there. */
export async function deleteSigningConfiguration(
  deps: EcrDeps,
  _input: unknown,
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const rules = await remove(deps, caller.accountId)
  return { registryId: caller.accountId, signingConfiguration: renderSigningRules(rules) }
}
