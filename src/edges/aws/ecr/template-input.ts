// Purpose:  read what an input says of a template, and say which rights its author needs.
// Spec:     Amazon ECR API, CreateRepositoryCreationTemplate and UpdateRepositoryCreationTemplate; constraints are the service model's.
// Input:    parsed JSON of a request; hostile.
// Deviates: a role is kept for those who read it back, and nothing is done by it; the rights of an author are asked for on
//           `repository/PREFIX/*` as it stands, so that a policy which denies one name below it does not deny the template.
// Unknowns: a prefix or role that cannot be read is refused.
import { Type } from 'typebox'
import type { AuthorizationRequest } from '../../../access/authorize.ts'
import type { RequestKeys } from '../../../access/request-context.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import { parseArn, repositoryArn } from '../../../policy/arn.ts'
import type { MayStillSet } from '../../../registry/set-repository-policy.ts'
import { tagMutabilityModes } from '../../../registry/rules/tag-mutability.ts'
import {
  allUnder,
  occasions,
  parseTemplatePrefix,
  prefixPattern,
  type Occasion,
  type TemplatePrefix,
} from '../../../templates/rules/template-prefix.ts'
import type { ResourceScope } from '../protocol/operation.ts'
import { validationText } from '../protocol/schema.ts'
import type { EcrCall } from './call.ts'
import { encryptionConfiguration, type EncryptionShape } from './encryption-input.ts'
import { ecrError, spellException } from './errors.ts'
import { tagKeysOf, tagList, type TagShape } from './resource-tags.ts'
import { exclusionFilters, type TagMutabilityShape } from './tag-mutability-input.ts'

export const prefixMember = Type.String({ minLength: 1, maxLength: 256, pattern: prefixPattern })
export const appliedFor = Type.Array(Type.Enum([...occasions]), { maxItems: 100 })

/** What may be left out when a template is made, and is left as it is when it is changed. */
export const templateMembers = {
  description: Type.Optional(Type.String({ maxLength: 256 })),
  encryptionConfiguration: Type.Optional(encryptionConfiguration),
  resourceTags: Type.Optional(tagList),
  imageTagMutability: Type.Optional(Type.Enum([...tagMutabilityModes])),
  imageTagMutabilityExclusionFilters: Type.Optional(exclusionFilters),
  repositoryPolicy: Type.Optional(Type.String({ maxLength: 10_240 })),
  lifecyclePolicy: Type.Optional(Type.String({ maxLength: 30_720 })),
  customRoleArn: Type.Optional(Type.String({ maxLength: 2048 })),
}

export interface TemplateInput extends TagMutabilityShape {
  readonly prefix: string
  readonly description?: string
  readonly appliedFor?: readonly Occasion[]
  readonly encryptionConfiguration?: EncryptionShape
  readonly resourceTags?: readonly TagShape[]
  readonly repositoryPolicy?: string
  readonly lifecyclePolicy?: string
  readonly customRoleArn?: string
}

export function prefixIn(text: string): TemplatePrefix {
  const prefix = parseTemplatePrefix(text)
  if (prefix !== undefined) return prefix
  throw invalid('prefix', text, 'must be a namespace of repository names, or ROOT')
}

/** The role's ARN; an empty one is none. */
export function roleIn(text: string, account: AccountId): string | undefined {
  if (text === '') return undefined
  const arn = parseArn(text)
  const isRole = arn?.service === 'iam' && arn.region === '' && arn.resource.startsWith('role/')
  if (isRole && arn.account === account) return text
  throw invalid('customRoleArn', text, `must be the ARN of a role of account ${account}`)
}

/** An empty text is none: so a client takes a member away. */
export function textOf(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

/** Whether the caller could put a policy on all that the template is for, if they had the one that is asked about. */
export function mayStillSet(
  { region }: { readonly region: string },
  call: Pick<EcrCall, 'caller' | 'mayUnder'>,
  prefix: TemplatePrefix,
): MayStillSet {
  const arn = repositoryArn(region, call.caller.accountId, allUnder(prefix))
  return (policy) => call.mayUnder('ecr:SetRepositoryPolicy', arn, policy)
}

/** The documents are judged as those of a repository are; here their members have names of their own. */
export async function withTemplateMembers<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const spelled = spellException(error)
    if (spelled === undefined) throw error
    const member = memberNames.find(([own]) => spelled.message.includes(`at '${own}'`))
    if (member === undefined) throw error
    const [own, name] = member
    throw ecrError(spelled.name, spelled.message.replace(`at '${own}'`, `at '${name}'`))
  }
}

const memberNames = [
  ['PolicyText', 'repositoryPolicy'],
  ['LifecyclePolicyText', 'lifecyclePolicy'],
] as const

function invalid(member: string, value: string, constraint: string): Error {
  const violation = { member, value, constraint, ecrConstraint: constraint }
  return ecrError('ValidationException', validationText([violation]))
}

/**
 * A template does later, for others, what its author asks for now: so its author must be allowed to do it to all that it is for.
 * AWS names the same actions.
 */
export function authorsRights(
  input: TemplateInput,
  scope: ResourceScope,
): readonly AuthorizationRequest[] {
  const { resourceTags = [], repositoryPolicy, lifecyclePolicy } = input
  return rightsFor(input, scope, {
    tags: resourceTags.length > 0,
    policy: (repositoryPolicy ?? '') !== '',
    lifecycle: (lifecyclePolicy ?? '') !== '',
  })
}

/** Who takes a member away decides about it as who puts another one: without a policy that denies, more is allowed. */
export function changersRights(
  input: TemplateInput,
  scope: ResourceScope,
): readonly AuthorizationRequest[] {
  return rightsFor(input, scope, {
    tags: input.resourceTags !== undefined,
    policy: input.repositoryPolicy !== undefined,
    lifecycle: input.lifecyclePolicy !== undefined,
  })
}

function rightsFor(
  input: TemplateInput,
  { region, account }: ResourceScope,
  sets: { readonly tags: boolean; readonly policy: boolean; readonly lifecycle: boolean },
): readonly AuthorizationRequest[] {
  const resources = [repositoryArn(region, account, allUnder(prefixIn(input.prefix)))]
  const keys: RequestKeys = tagKeysOf(input.resourceTags ?? [])
  const asked: AuthorizationRequest[] = [{ action: 'ecr:CreateRepository', resources, keys }]
  if (sets.tags) asked.push({ action: 'ecr:TagResource', resources, keys })
  if (sets.policy) asked.push({ action: 'ecr:SetRepositoryPolicy', resources })
  if (sets.lifecycle) asked.push({ action: 'ecr:PutLifecyclePolicy', resources })
  const role = roleIn(input.customRoleArn ?? '', account)
  if (role !== undefined) {
    const passed = { 'iam:PassedToService': 'ecr.amazonaws.com' }
    asked.push({ action: 'iam:PassRole', resources: [role], keys: passed })
  }
  return asked
}
