import { deleteTemplate } from '../../../templates/delete-template.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { prefixIn } from './template-input.ts'
import { renderTemplate } from './template-shape.ts'

export async function deleteRepositoryCreationTemplate(
  deps: EcrDeps,
  input: { readonly prefix: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { accountId: account } = call.caller
  const template = await deleteTemplate(deps, { account, prefix: prefixIn(input.prefix) })
  return { registryId: account, repositoryCreationTemplate: renderTemplate(template) }
}
