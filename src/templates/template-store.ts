import type { AccountId } from '../policy/account-id.ts'
import type { RepositoryTag } from '../registry/repository-tag-store.ts'
import { modeOf, type TagMutability } from '../registry/rules/tag-mutability.ts'
import { exclusionsText, tagMutabilityIn } from '../registry/tag-mutability-columns.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import {
  occasions,
  parseTemplatePrefix,
  type Occasion,
  type TemplatePrefix,
} from './rules/template-prefix.ts'

/** What repositories are made with. */
export interface TemplateSettings {
  readonly description: string | undefined
  readonly appliedFor: readonly Occasion[]
  readonly tagMutability: TagMutability
  readonly resourceTags: readonly RepositoryTag[]
  /** Byte for byte as it was put, as the next one. */
  readonly repositoryPolicy: string | undefined
  readonly lifecyclePolicy: string | undefined
  /** Kept for clients that ask for it. */
  readonly roleArn: string | undefined
}

export interface Template extends TemplateSettings {
  readonly account: AccountId
  readonly prefix: TemplatePrefix
  /** As it was given: with a slash at its end or without. */
  readonly written: string
  readonly createdAt: Date
  readonly updatedAt: Date
  /** Principal ARN. */
  readonly updatedBy: string
}

const columns = `prefix, written, description, applied_for, tag_mutability, tag_exclusions, resource_tags, repository_policy,
  lifecycle_policy, role_arn, created_at, updated_at, updated_by`

export async function findTemplate(
  reader: SqlReader,
  account: AccountId,
  prefix: TemplatePrefix,
): Promise<Template | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM repository_templates WHERE account = $1 AND prefix = $2`,
    [account, prefix],
  )
  return row === undefined ? undefined : templateOf(account, row)
}

/** In order of their prefixes, after one of them. */
export async function listTemplates(
  reader: SqlReader,
  account: AccountId,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly Template[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM repository_templates WHERE account = $1 AND prefix > $2 ORDER BY prefix LIMIT $3`,
    [account, page.after, page.limit],
  )
  return rows.map((row) => templateOf(account, row))
}

export async function countTemplates(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first(
    'SELECT COUNT(*) AS count FROM repository_templates WHERE account = $1',
    [account],
  )
  return row === undefined ? 0 : integer(row, 'count')
}

/** In place of the one that the prefix has; that one's spelling and time of making stay. */
export async function writeTemplate(tx: SqlWriter, template: Template): Promise<void> {
  await tx.run(
    `INSERT INTO repository_templates (account, ${columns})
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     ON CONFLICT (account, prefix) DO UPDATE SET description = excluded.description, applied_for = excluded.applied_for,
       tag_mutability = excluded.tag_mutability, tag_exclusions = excluded.tag_exclusions,
       resource_tags = excluded.resource_tags, repository_policy = excluded.repository_policy,
       lifecycle_policy = excluded.lifecycle_policy, role_arn = excluded.role_arn,
       updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
    [
      template.account,
      template.prefix,
      template.written,
      template.description ?? null,
      JSON.stringify(template.appliedFor),
      modeOf(template.tagMutability),
      exclusionsText(template.tagMutability),
      JSON.stringify(template.resourceTags),
      template.repositoryPolicy ?? null,
      template.lifecyclePolicy ?? null,
      template.roleArn ?? null,
      template.createdAt.getTime(),
      template.updatedAt.getTime(),
      template.updatedBy,
    ],
  )
}

export async function deleteTemplateRow(
  tx: SqlWriter,
  account: AccountId,
  prefix: TemplatePrefix,
): Promise<void> {
  await tx.run('DELETE FROM repository_templates WHERE account = $1 AND prefix = $2', [
    account,
    prefix,
  ])
}

function templateOf(account: AccountId, row: SqlRow): Template {
  const prefix = parseTemplatePrefix(text(row, 'prefix'))
  if (prefix === undefined) throw new Error('the prefix of a template cannot be read')
  return {
    account,
    prefix,
    written: text(row, 'written'),
    description: textOrAbsent(row, 'description'),
    appliedFor: listIn(row, 'applied_for').map(occasionOf),
    tagMutability: tagMutabilityIn(row),
    resourceTags: listIn(row, 'resource_tags').map(tagOf),
    repositoryPolicy: textOrAbsent(row, 'repository_policy'),
    lifecyclePolicy: textOrAbsent(row, 'lifecycle_policy'),
    roleArn: textOrAbsent(row, 'role_arn'),
    createdAt: instant(row, 'created_at'),
    updatedAt: instant(row, 'updated_at'),
    updatedBy: text(row, 'updated_by'),
  }
}

function listIn(row: SqlRow, column: string): readonly unknown[] {
  const list: unknown = JSON.parse(text(row, column))
  if (!Array.isArray(list)) throw new Error(`${column} of a template is no list`)
  return list
}

function occasionOf(member: unknown): Occasion {
  const occasion = occasions.find((one) => one === member)
  if (occasion === undefined) throw new Error('an occasion of a template cannot be read')
  return occasion
}

function tagOf(member: unknown): RepositoryTag {
  if (typeof member === 'object' && member !== null && 'key' in member && 'value' in member) {
    const { key, value } = member
    if (typeof key === 'string' && typeof value === 'string') return { key, value }
  }
  throw new Error('a tag of a template cannot be read')
}
