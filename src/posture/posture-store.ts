import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  integerOrAbsent,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { ReadSoFar } from './log-facts.ts'
import type { PostureScore } from './rules/judge-posture.ts'
import type { FailingPlaces, PostureChange } from './rules/tell-changes.ts'

export interface StoredRules {
  /** As it was put. */
  readonly text: string
  readonly putAt: Date
  /** ARN. */
  readonly putBy: string
}

export async function findPostureRules(
  reader: SqlReader,
  account: AccountId,
): Promise<StoredRules | undefined> {
  const row = await reader.first(
    'SELECT text, put_at, put_by FROM posture_rules WHERE account = $1',
    [account],
  )
  if (row === undefined) return undefined
  return { text: text(row, 'text'), putAt: instant(row, 'put_at'), putBy: text(row, 'put_by') }
}

export async function writePostureRules(
  tx: SqlWriter,
  put: { readonly account: AccountId; readonly text: string; readonly by: string },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO posture_rules (account, text, put_at, put_by) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account) DO UPDATE SET text = excluded.text, put_at = excluded.put_at, put_by = excluded.put_by`,
    [put.account, put.text, now.getTime(), put.by],
  )
}

/** False where there were none. */
export async function deletePostureRulesRow(tx: SqlWriter, account: AccountId): Promise<boolean> {
  return (await tx.run('DELETE FROM posture_rules WHERE account = $1', [account])) > 0
}

export interface StoredPosture {
  readonly judgedAt: Date
  readonly tookMs: number
  /** JSON, as programs read it. */
  readonly document: string
  readonly failing: FailingPlaces
  readonly soFar: ReadSoFar
}

export async function findPosture(
  reader: SqlReader,
  account: AccountId,
): Promise<StoredPosture | undefined> {
  const row = await reader.first(
    'SELECT judged_at, took_ms, document, failing, log_facts FROM posture_results WHERE account = $1',
    [account],
  )
  if (row === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what writePosture wrote
  const failing = JSON.parse(text(row, 'failing')) as readonly (readonly [string, string[]])[]
  return {
    judgedAt: instant(row, 'judged_at'),
    tookMs: integer(row, 'took_ms'),
    document: text(row, 'document'),
    failing: new Map(failing.map(([rule, places]) => [rule, new Set(places)])),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what writePosture wrote
    soFar: JSON.parse(text(row, 'log_facts')) as ReadSoFar,
  }
}

/** In the place of the one before. `eventId`: the newest event when it began. */
export async function writePosture(
  tx: SqlWriter,
  account: AccountId,
  posture: StoredPosture & { readonly eventId: number },
): Promise<void> {
  const failing = [...posture.failing].map(([rule, places]) => [rule, [...places]])
  await tx.run(
    `INSERT INTO posture_results (account, judged_at, took_ms, event_id, document, failing, log_facts)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (account) DO UPDATE SET judged_at = excluded.judged_at, took_ms = excluded.took_ms,
       event_id = excluded.event_id, document = excluded.document, failing = excluded.failing,
       log_facts = excluded.log_facts`,
    [
      account,
      posture.judgedAt.getTime(),
      posture.tookMs,
      posture.eventId,
      posture.document,
      JSON.stringify(failing),
      JSON.stringify(posture.soFar),
    ],
  )
}

export interface PostureTurn {
  readonly account: AccountId
  /** Undefined of an account that was never judged. */
  readonly last:
    { readonly judgedAt: Date; readonly tookMs: number; readonly eventId: number } | undefined
}

/** Accounts that are open, each with its last judgement. */
export async function listPostureTurns(reader: SqlReader): Promise<readonly PostureTurn[]> {
  const rows = await reader.all(
    `SELECT a.id, p.judged_at, p.took_ms, p.event_id FROM accounts a
     LEFT JOIN posture_results p ON p.account = a.id WHERE a.state = 'active' ORDER BY a.id`,
  )
  return rows.flatMap((row): readonly PostureTurn[] => {
    const account = parseAccountId(text(row, 'id'))
    if (account === undefined) return []
    const judgedAt = integerOrAbsent(row, 'judged_at')
    if (judgedAt === undefined) return [{ account, last: undefined }]
    const last = {
      judgedAt: new Date(judgedAt),
      tookMs: integer(row, 'took_ms'),
      eventId: integer(row, 'event_id'),
    }
    return [{ account, last }]
  })
}

/** The newest event of each account that is about what is judged, of the last `most` events behind an id; `''`: about all of them. */
export async function listNewestEvents(
  reader: SqlReader,
  { after, most }: { readonly after: number; readonly most: number },
): Promise<ReadonlyMap<string, number>> {
  const rows = await reader.all(
    `SELECT account, MAX(id) AS newest FROM
       (SELECT id, account, kind FROM events WHERE id > $1 ORDER BY id DESC LIMIT $2) AS recent
     WHERE kind NOT IN ('PostureRuleFailing', 'PostureRuleMended') GROUP BY account`,
    [after, most],
  )
  return new Map(rows.map((row) => [text(row, 'account'), integer(row, 'newest')]))
}

/** What notifications tell of it. */
export async function recordPostureChange(
  tx: SqlWriter,
  account: AccountId,
  told: PostureChange & { readonly points?: number },
  now: Date,
): Promise<void> {
  const { change, ...detail } = told
  await tx.run(
    'INSERT INTO events (kind, account, resource, detail, at) VALUES ($1, $2, $3, $4, $5)',
    [
      change === 'FAILING' ? 'PostureRuleFailing' : 'PostureRuleMended',
      account,
      told.rule,
      JSON.stringify(detail),
      now.getTime(),
    ],
  )
}

export interface PostureEntry extends Pick<
  PostureScore,
  'points' | 'passed' | 'failed' | 'unknown' | 'suppressed'
> {
  readonly at: Date
  /** Ids of rules. */
  readonly failing: readonly string[]
}

export async function appendPostureEntry(
  tx: SqlWriter,
  account: AccountId,
  entry: PostureEntry,
): Promise<void> {
  await tx.run(
    `INSERT INTO posture_history (account, judged_at, points, passed, failed, unknown, suppressed, failing)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, judged_at) DO NOTHING`,
    [
      account,
      entry.at.getTime(),
      entry.points ?? null,
      entry.passed,
      entry.failed,
      entry.unknown,
      entry.suppressed,
      JSON.stringify(entry.failing),
    ],
  )
}

/** The newest first. */
export async function listPostureEntries(
  reader: SqlReader,
  account: AccountId,
  limit: number,
): Promise<readonly PostureEntry[]> {
  const rows = await reader.all(
    `SELECT judged_at, points, passed, failed, unknown, suppressed, failing FROM posture_history
     WHERE account = $1 ORDER BY judged_at DESC LIMIT $2`,
    [account, limit],
  )
  return rows.map((row) => ({
    at: instant(row, 'judged_at'),
    points: integerOrAbsent(row, 'points'),
    passed: integer(row, 'passed'),
    failed: integer(row, 'failed'),
    unknown: integer(row, 'unknown'),
    suppressed: integer(row, 'suppressed'),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what appendPostureEntry wrote
    failing: JSON.parse(text(row, 'failing')) as readonly string[],
  }))
}

/** Leaves the newest `kept`. */
export async function trimPostureEntries(
  tx: SqlWriter,
  account: AccountId,
  kept: number,
): Promise<void> {
  await tx.run(
    `DELETE FROM posture_history WHERE account = $1 AND judged_at <
       (SELECT MIN(judged_at) FROM (SELECT judged_at FROM posture_history WHERE account = $1
        ORDER BY judged_at DESC LIMIT $2) AS newest)`,
    [account, kept],
  )
}
