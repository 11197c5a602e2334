import { readPolicy as readLifecyclePolicy } from '../lifecycle/read-policy.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import { repositoryArn } from '../policy/arn.ts'
import {
  checkFuturePolicy,
  type MayStillSet,
  type PolicyPlace,
} from '../registry/set-repository-policy.ts'
import { refuseCollidingKeys } from '../registry/tag-repository.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { templateError } from './errors.ts'
import { allUnder, type TemplatePrefix } from './rules/template-prefix.ts'
import {
  countTemplates,
  findTemplate,
  writeTemplate,
  type Template,
  type TemplateSettings,
} from './template-store.ts'

/** Of an account. */
export const maxTemplates = 50

export interface TemplateDeps {
  readonly database: Database
  readonly clock: Clock
  readonly region: string
  /** Which limits of lifecycle policies hold. */
  readonly defaults: 'secure' | 'aws'
  readonly isAnonymousPullOn: boolean
}

interface Written {
  readonly account: AccountId
  readonly prefix: TemplatePrefix
  /** Principal ARN. */
  readonly by: string
  readonly mayStillSet: MayStillSet
}

/** TEMPLATE_EXISTS, TEMPLATES_TOO_MANY; a policy in it is refused as SetRepositoryPolicy and PutLifecyclePolicy would refuse it. */
export async function createTemplate(
  deps: TemplateDeps,
  input: Written & { readonly written: string; readonly settings: TemplateSettings },
): Promise<Template> {
  const { account, prefix, written, settings, by } = input
  return deps.database.transaction(async (tx) => {
    if ((await findTemplate(tx, account, prefix)) !== undefined) throw exists(account, prefix)
    if ((await countTemplates(tx, account)) >= maxTemplates) throw tooMany(account)
    await requireUsable(tx, deps, input, { settings, before: undefined })
    const now = deps.clock.now()
    const who = { account, prefix, written, createdAt: now, updatedAt: now, updatedBy: by }
    const template = { ...settings, ...who }
    await writeTemplate(tx, template)
    return template
  })
}

/** What is not named stays as it is. TEMPLATE_UNKNOWN. */
export async function updateTemplate(
  deps: TemplateDeps,
  input: Written & {
    /** The settings from those that it has. */
    readonly change: (settings: TemplateSettings) => TemplateSettings
  },
): Promise<Template> {
  const { account, prefix, by } = input
  return deps.database.transaction(async (tx) => {
    const found = await requireTemplate(tx, account, prefix)
    const settings = input.change(found)
    await requireUsable(tx, deps, input, { settings, before: found })
    const template = { ...found, ...settings, updatedAt: deps.clock.now(), updatedBy: by }
    await writeTemplate(tx, template)
    return template
  })
}

/** Or TEMPLATE_UNKNOWN. */
export async function requireTemplate(
  reader: SqlReader,
  account: AccountId,
  prefix: TemplatePrefix,
): Promise<Template> {
  const found = await findTemplate(reader, account, prefix)
  if (found !== undefined) return found
  const message = `there is no repository creation template for the prefix ${prefix}`
  throw templateError('TEMPLATE_UNKNOWN', message, { prefix, account })
}

/** Whose policy the template's is: that of all that it is for. */
export function placeOfTemplate(
  region: string,
  { account, prefix }: Pick<Template, 'account' | 'prefix'>,
): PolicyPlace {
  return {
    account,
    arn: repositoryArn(region, account, allUnder(prefix)),
    shown: `the repositories of template ${prefix}`,
    ifMeant: 'put it on the repositories one by one, with force, if that is meant',
  }
}

/** Whoever changes one member of a template need not be who may put the others. */
async function requireUsable(
  reader: SqlReader,
  deps: TemplateDeps,
  { account, prefix, mayStillSet }: Written,
  {
    settings: { repositoryPolicy, lifecyclePolicy, resourceTags },
    before,
  }: { readonly settings: TemplateSettings; readonly before: TemplateSettings | undefined },
): Promise<void> {
  refuseCollidingKeys(resourceTags.map(({ key }) => key))
  if (lifecyclePolicy !== undefined && lifecyclePolicy !== before?.lifecyclePolicy)
    readLifecyclePolicy(lifecyclePolicy, deps.defaults)
  if (repositoryPolicy === undefined || repositoryPolicy === before?.repositoryPolicy) return
  const place = placeOfTemplate(deps.region, { account, prefix })
  await checkFuturePolicy(reader, deps, { place, text: repositoryPolicy, mayStillSet })
}

function exists(account: AccountId, prefix: TemplatePrefix): Error {
  const message = `there is a repository creation template for the prefix ${prefix}`
  return templateError('TEMPLATE_EXISTS', message, { prefix, account })
}

function tooMany(account: AccountId): Error {
  const message = `account ${account} has ${maxTemplates} repository creation templates, as many as it may have`
  return templateError('TEMPLATES_TOO_MANY', message, { account, maxTemplates })
}
