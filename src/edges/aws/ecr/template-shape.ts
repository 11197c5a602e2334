import type { Template } from '../../../templates/template-store.ts'
import { epochSeconds } from './call.ts'
import { offeredEncryption } from './encryption-input.ts'
import { renderTagMutability } from './tag-mutability-input.ts'

/** The model's RepositoryCreationTemplate; what the template does not have is left out. */
export function renderTemplate(template: Template): Readonly<Record<string, unknown>> {
  const { description, resourceTags, repositoryPolicy, lifecyclePolicy, roleArn } = template
  const tags = resourceTags.map(({ key, value }) => ({ Key: key, Value: value }))
  return {
    prefix: template.written,
    ...(description === undefined ? {} : { description }),
    encryptionConfiguration: offeredEncryption,
    ...(tags.length === 0 ? {} : { resourceTags: tags }),
    ...renderTagMutability(template.tagMutability),
    ...(repositoryPolicy === undefined ? {} : { repositoryPolicy }),
    ...(lifecyclePolicy === undefined ? {} : { lifecyclePolicy }),
    appliedFor: template.appliedFor,
    ...(roleArn === undefined ? {} : { customRoleArn: roleArn }),
    createdAt: epochSeconds(template.createdAt),
    updatedAt: epochSeconds(template.updatedAt),
  }
}
