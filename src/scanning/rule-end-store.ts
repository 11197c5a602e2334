import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  instantOrAbsent,
  integerOrAbsent,
  textOrAbsent,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'

/** Up to when an account's ends of rules were told, and how far the walk is that tells the next. */
export interface ToldRuleEnds {
  readonly through: Date
  readonly walk: RuleEndWalk | undefined
}

export interface RuleEndWalk {
  readonly to: Date
  readonly after: { readonly repositoryId: number; readonly digest: string }
}

export async function findToldRuleEnds(
  reader: SqlReader,
  account: AccountId,
): Promise<ToldRuleEnds | undefined> {
  const row = await reader.first(
    'SELECT through, walk_to, walk_repository, walk_digest FROM told_rule_ends WHERE account = $1',
    [account],
  )
  if (row === undefined) return undefined
  const to = instantOrAbsent(row, 'walk_to')
  const after = {
    repositoryId: integerOrAbsent(row, 'walk_repository') ?? 0,
    digest: textOrAbsent(row, 'walk_digest') ?? '',
  }
  return { through: instant(row, 'through'), walk: to === undefined ? undefined : { to, after } }
}

export async function writeToldRuleEnds(
  tx: SqlWriter,
  account: AccountId,
  { through, walk }: ToldRuleEnds,
): Promise<void> {
  await tx.run(
    `INSERT INTO told_rule_ends (account, through, walk_to, walk_repository, walk_digest) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (account) DO UPDATE SET through = excluded.through, walk_to = excluded.walk_to,
       walk_repository = excluded.walk_repository, walk_digest = excluded.walk_digest`,
    [
      account,
      through.getTime(),
      walk?.to.getTime() ?? null,
      walk?.after.repositoryId ?? null,
      walk?.after.digest ?? null,
    ],
  )
}

/** Tells that rules are over; what they held back is told by image. */
export async function recordRulesEnded(
  tx: SqlWriter,
  account: AccountId,
  rules: readonly unknown[],
  now: Date,
): Promise<void> {
  await tx.run(
    'INSERT INTO events (kind, account, resource, detail, at) VALUES ($1, $2, $3, $4, $5)',
    ['SuppressionEnded', account, 'suppression-rules', JSON.stringify({ rules }), now.getTime()],
  )
}
