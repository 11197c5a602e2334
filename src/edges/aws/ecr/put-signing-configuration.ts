import { putSigningConfiguration as put } from '../../../trust/signing-configuration.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import {
  readSigningRules,
  renderSigningRules,
  type SigningConfigurationShape,
} from './signing-configuration-shape.ts'

export async function putSigningConfiguration(
  deps: EcrDeps,
  { signingConfiguration }: { readonly signingConfiguration: SigningConfigurationShape },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const rules = readSigningRules(signingConfiguration)
  await put(deps, { account: caller.accountId, rules, by: caller.principalArn })
  return { signingConfiguration: renderSigningRules(rules) }
}
