import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { Prefixes } from './rules/pull-through-rules.ts'
import { upstreamKinds, type UpstreamAccess, type UpstreamKind } from './rules/upstreams.ts'

export interface PullThroughRule extends Prefixes, UpstreamAccess {
  /** As it was put: with or without a slash at its end. */
  readonly writtenPrefix: string
  readonly upstream: UpstreamKind
  readonly upstreamUrl: string
  readonly madeAt: Date
  readonly changedAt: Date
}

const columns =
  'prefix, written_prefix, upstream, upstream_url, upstream_prefix, credential_arn, custom_role_arn, made_at, changed_at'

export async function findPullThroughRule(
  reader: SqlReader,
  account: AccountId,
  prefix: string,
): Promise<PullThroughRule | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM pull_through_rules WHERE account = $1 AND prefix = $2`,
    [account, prefix],
  )
  return row === undefined ? undefined : ruleOf(row)
}

/** In order of canonical prefixes, after one. */
export async function listPullThroughRules(
  reader: SqlReader,
  account: AccountId,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly PullThroughRule[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM pull_through_rules WHERE account = $1 AND prefix > $2 ORDER BY prefix LIMIT $3`,
    [account, page.after, page.limit],
  )
  return rows.map(ruleOf)
}

export async function countPullThroughRules(
  reader: SqlReader,
  account: AccountId,
): Promise<number> {
  const sql = 'SELECT COUNT(*) AS n FROM pull_through_rules WHERE account = $1'
  const row = await reader.first(sql, [account])
  return row === undefined ? 0 : integer(row, 'n')
}

export async function insertPullThroughRule(
  tx: SqlWriter,
  account: AccountId,
  rule: PullThroughRule & { readonly madeBy: string },
): Promise<void> {
  await tx.run(
    `INSERT INTO pull_through_rules (account, made_by, ${columns})
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      account,
      rule.madeBy,
      rule.prefix,
      rule.writtenPrefix,
      rule.upstream,
      rule.upstreamUrl,
      rule.upstreamPrefix,
      rule.credentialArn ?? null,
      rule.customRoleArn ?? null,
      rule.madeAt.getTime(),
      rule.changedAt.getTime(),
    ],
  )
}

/** Of a rule that is there, how it gets in. */
export async function changePullThroughAccess(
  tx: SqlWriter,
  account: AccountId,
  rule: UpstreamAccess & Pick<PullThroughRule, 'prefix' | 'changedAt'>,
): Promise<void> {
  await tx.run(
    `UPDATE pull_through_rules SET credential_arn = $3, custom_role_arn = $4, changed_at = $5
     WHERE account = $1 AND prefix = $2`,
    [
      account,
      rule.prefix,
      rule.credentialArn ?? null,
      rule.customRoleArn ?? null,
      rule.changedAt.getTime(),
    ],
  )
}

export async function deletePullThroughRuleRow(
  tx: SqlWriter,
  account: AccountId,
  prefix: string,
): Promise<void> {
  await tx.run('DELETE FROM pull_through_rules WHERE account = $1 AND prefix = $2', [
    account,
    prefix,
  ])
}

function ruleOf(row: SqlRow): PullThroughRule {
  const upstream = upstreamKinds.find((one) => one === text(row, 'upstream'))
  if (upstream === undefined) throw new Error('pull_through_rules.upstream is none of the model')
  return {
    prefix: text(row, 'prefix'),
    writtenPrefix: text(row, 'written_prefix'),
    upstream,
    upstreamUrl: text(row, 'upstream_url'),
    upstreamPrefix: text(row, 'upstream_prefix'),
    credentialArn: textOrAbsent(row, 'credential_arn'),
    customRoleArn: textOrAbsent(row, 'custom_role_arn'),
    madeAt: instant(row, 'made_at'),
    changedAt: instant(row, 'changed_at'),
  }
}
