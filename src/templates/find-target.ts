import type { FutureRepository } from '../access/authorize.ts'
import { tagValues } from '../access/rules/tag-values.ts'
import { isRegistryError } from '../registry/errors.ts'
import { findRepository, type RepositoryAddress } from '../registry/repository-store.ts'
import { compileFuturePolicy, placeOf } from '../registry/set-repository-policy.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { templateError } from './errors.ts'
import { maxTemplates } from './put-template.ts'
import { chooseTemplate, type Occasion } from './rules/template-prefix.ts'
import { listTemplates, type Template } from './template-store.ts'

/** Where something is to be stored. */
export type Target =
  | { readonly kind: 'there' }
  /** No template is for it either. */
  | { readonly kind: 'absent' }
  | FutureTarget

/** Not there, and a template says what it will be when it is made. */
export interface FutureTarget {
  readonly kind: 'future'
  readonly template: Template
  readonly future: FutureRepository
  /** Why the template cannot be applied; for those alone to know who may use it. */
  readonly fault: Error | undefined
}

export async function findTarget(
  reader: SqlReader,
  region: string,
  repository: RepositoryAddress,
  occasion: Occasion,
): Promise<Target> {
  if ((await findRepository(reader, repository)) !== undefined) return { kind: 'there' }
  const template = await findTemplateFor(reader, repository, occasion)
  if (template === undefined) return { kind: 'absent' }
  const tags = tagValues(template.resourceTags.map(({ key, value }) => [key, value] as const))
  const { repositoryPolicy: text } = template
  try {
    const place = placeOf(region, repository)
    const policy = text === undefined ? undefined : await compileFuturePolicy(reader, place, text)
    return { kind: 'future', template, future: { policy, tags }, fault: undefined }
  } catch (error) {
    const fault = unusable(template, error)
    return { kind: 'future', template, future: { policy: undefined, tags }, fault }
  }
}

export async function findTemplateFor(
  reader: SqlReader,
  { account, name }: RepositoryAddress,
  occasion: Occasion,
): Promise<Template | undefined> {
  const templates = await listTemplates(reader, account, { after: '', limit: maxTemplates })
  return chooseTemplate(templates, name, occasion)
}

/** A policy was read when it was put; whom it names may be gone since. Other errors are faults. */
export function unusable({ prefix, account }: Template, error: unknown): Error {
  if (!isRegistryError(error) || error.code !== 'POLICY_MALFORMED') throw error
  const message = `the repository creation template ${prefix} cannot be applied: ${error.message}`
  return templateError('TEMPLATE_UNUSABLE', message, { prefix, account }, { cause: error })
}
