import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { FindingCriteria } from './rules/finding-criteria.ts'

export type FilterAction = 'NONE' | 'SUPPRESS'

/** A named question about findings; one that suppresses holds its findings back. */
export interface FindingFilter {
  readonly account: AccountId
  /** 16 hex digits. */
  readonly id: string
  readonly name: string
  readonly action: FilterAction
  readonly criteria: FindingCriteria
  readonly description: string | undefined
  readonly reason: string | undefined
  readonly tags: Readonly<Record<string, string>>
  /** ARN of who made or last changed it. */
  readonly madeBy: string
  readonly madeAt: Date
  readonly changedAt: Date
}

const columns =
  'account, id, name, action, criteria, description, reason, tags, made_by, made_at, changed_at'

export async function findFilter(
  reader: SqlReader,
  account: AccountId,
  id: string,
): Promise<FindingFilter | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM finding_filters WHERE account = $1 AND id = $2`,
    [account, id],
  )
  return row === undefined ? undefined : filterOf(row)
}

export async function findFilterByName(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<FindingFilter | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM finding_filters WHERE account = $1 AND name = $2`,
    [account, name],
  )
  return row === undefined ? undefined : filterOf(row)
}

/** In order of names, after one. */
export async function listFilterRows(
  reader: SqlReader,
  account: AccountId,
  page: { readonly action?: FilterAction; readonly after: string; readonly limit: number },
): Promise<readonly FindingFilter[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM finding_filters WHERE account = $1 AND name > $2 AND ($3 = '' OR action = $3)
     ORDER BY name LIMIT $4`,
    [account, page.after, page.action ?? '', page.limit],
  )
  return rows.map(filterOf)
}

export async function countFilters(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first('SELECT COUNT(*) AS n FROM finding_filters WHERE account = $1', [
    account,
  ])
  return row === undefined ? 0 : integer(row, 'n')
}

/** Characters of the criteria of all filters of an account but one. */
export async function sizeOfOtherFilters(
  reader: SqlReader,
  { account, id }: Pick<FindingFilter, 'account' | 'id'>,
): Promise<number> {
  const row = await reader.first(
    'SELECT COALESCE(SUM(LENGTH(criteria)), 0) AS n FROM finding_filters WHERE account = $1 AND id <> $2',
    [account, id],
  )
  return row === undefined ? 0 : integer(row, 'n')
}

/** New, or in the place of the one with its id. */
export async function writeFilter(tx: SqlWriter, filter: FindingFilter): Promise<void> {
  await tx.run(
    `INSERT INTO finding_filters (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (account, id) DO UPDATE SET name = excluded.name, action = excluded.action,
       criteria = excluded.criteria, description = excluded.description, reason = excluded.reason,
       tags = excluded.tags, made_by = excluded.made_by, changed_at = excluded.changed_at`,
    [
      filter.account,
      filter.id,
      filter.name,
      filter.action,
      JSON.stringify(filter.criteria),
      filter.description ?? null,
      filter.reason ?? null,
      JSON.stringify(filter.tags),
      filter.madeBy,
      filter.madeAt.getTime(),
      filter.changedAt.getTime(),
    ],
  )
}

export async function deleteFilter(tx: SqlWriter, account: AccountId, id: string): Promise<void> {
  await tx.run('DELETE FROM finding_filters WHERE account = $1 AND id = $2', [account, id])
}

function filterOf(row: SqlRow): FindingFilter {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('finding_filters.account is no account')
  // oxlint-disable typescript/no-unsafe-type-assertion -- written by writeFilter from values of these types
  const criteria = JSON.parse(text(row, 'criteria')) as FindingCriteria
  const tags = JSON.parse(text(row, 'tags')) as Readonly<Record<string, string>>
  // oxlint-enable typescript/no-unsafe-type-assertion
  return {
    account,
    id: text(row, 'id'),
    name: text(row, 'name'),
    action: text(row, 'action') === 'SUPPRESS' ? 'SUPPRESS' : 'NONE',
    criteria,
    description: textOrAbsent(row, 'description'),
    reason: textOrAbsent(row, 'reason'),
    tags,
    madeBy: text(row, 'made_by'),
    madeAt: instant(row, 'made_at'),
    changedAt: instant(row, 'changed_at'),
  }
}
