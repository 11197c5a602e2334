import { createTemplate } from '../../../templates/put-template.ts'
import type { TemplateSettings } from '../../../templates/template-store.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { requireOfferedEncryption } from './encryption-input.ts'
import { readTags } from './resource-tags.ts'
import { readTagMutability } from './tag-mutability-input.ts'
import {
  mayStillSet,
  prefixIn,
  roleIn,
  textOf,
  withTemplateMembers,
  type TemplateInput,
} from './template-input.ts'
import { renderTemplate } from './template-shape.ts'

/** What the caller leaves out is filled by the registry's defaults, safe ones or AWS's, as for a repository. */
export async function createRepositoryCreationTemplate(
  deps: EcrDeps,
  input: TemplateInput,
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { accountId: account, principalArn: by } = call.caller
  requireOfferedEncryption(input.encryptionConfiguration)
  const prefix = prefixIn(input.prefix)
  const settings: TemplateSettings = {
    description: textOf(input.description),
    appliedFor: [...new Set(input.appliedFor)],
    tagMutability: readTagMutability(input, deps.defaults === 'secure' ? 'IMMUTABLE' : 'MUTABLE'),
    resourceTags: readTags(input.resourceTags ?? []),
    repositoryPolicy: textOf(input.repositoryPolicy),
    lifecyclePolicy: textOf(input.lifecyclePolicy),
    roleArn: roleIn(input.customRoleArn ?? '', account),
  }
  const template = await withTemplateMembers(
    createTemplate(deps, {
      account,
      prefix,
      written: input.prefix,
      settings,
      by,
      mayStillSet: mayStillSet(deps, call, prefix),
    }),
  )
  return { registryId: account, repositoryCreationTemplate: renderTemplate(template) }
}
