import { updateTemplate } from '../../../templates/put-template.ts'
import { filtersOf, modeOf } from '../../../registry/rules/tag-mutability.ts'
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

/** Members that are not given stay as they are; an empty text or list takes the member away. */
export async function updateRepositoryCreationTemplate(
  deps: EcrDeps,
  input: TemplateInput,
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { accountId: account, principalArn: by } = call.caller
  requireOfferedEncryption(input.encryptionConfiguration)
  const prefix = prefixIn(input.prefix)
  const template = await withTemplateMembers(
    updateTemplate(deps, {
      account,
      prefix,
      change: (before) => changed(before, input, roleIn(input.customRoleArn ?? '', account)),
      by,
      mayStillSet: mayStillSet(deps, call, prefix),
    }),
  )
  return { registryId: account, repositoryCreationTemplate: renderTemplate(template) }
}

function changed(
  before: TemplateSettings,
  input: TemplateInput,
  role: string | undefined,
): TemplateSettings {
  const { description, appliedFor, resourceTags, repositoryPolicy, lifecyclePolicy } = input
  return {
    description: changedText(description, before.description),
    appliedFor: appliedFor === undefined ? before.appliedFor : [...new Set(appliedFor)],
    tagMutability: changedMutability(before, input),
    resourceTags: resourceTags === undefined ? before.resourceTags : readTags(resourceTags),
    repositoryPolicy: changedText(repositoryPolicy, before.repositoryPolicy),
    lifecyclePolicy: changedText(lifecyclePolicy, before.lifecyclePolicy),
    roleArn: input.customRoleArn === undefined ? before.roleArn : role,
  }
}

/** Filters alone are for the mode that it has. A mode alone keeps the filters, if it is one that has some. */
function changedMutability(
  { tagMutability }: TemplateSettings,
  input: TemplateInput,
): TemplateSettings['tagMutability'] {
  const { imageTagMutability: mode, imageTagMutabilityExclusionFilters: filters } = input
  if (mode === undefined && filters === undefined) return tagMutability
  const kept = filtersOf(tagMutability).map((filter) => ({ filter }))
  const keeps = filters === undefined && kept.length > 0 && mode?.endsWith('_WITH_EXCLUSION')
  return readTagMutability(
    {
      imageTagMutability: mode ?? modeOf(tagMutability),
      ...(filters === undefined ? {} : { imageTagMutabilityExclusionFilters: filters }),
      ...(keeps === true ? { imageTagMutabilityExclusionFilters: kept } : {}),
    },
    'MUTABLE',
  )
}

function changedText(given: string | undefined, was: string | undefined): string | undefined {
  return given === undefined ? was : textOf(given)
}
