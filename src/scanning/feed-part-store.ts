import {
  instantOrAbsent,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** `held`: the state was had, and is not believed. */
export const feedFailureKinds = [
  'unreachable',
  'refused',
  'too-large',
  'too-slow',
  'wrong-checksum',
  'malformed',
  'held',
] as const
export type FeedFailureKind = (typeof feedFailureKinds)[number]

/** Why a part's state in force is not newer. */
export interface FeedFailure {
  readonly kind: FeedFailureKind
  readonly reason: string
  readonly since: Date
  /** Attempts in a row that failed. */
  readonly count: number
}

export interface FeedPart {
  /** Of the source that holds its records. */
  readonly name: string
  readonly feed: string
  readonly part: string
  readonly cursor: string | undefined
  /** When the origin's state was last had or confirmed; undefined before the first time. */
  readonly checkedAt: Date | undefined
  readonly attemptedAt: Date | undefined
  readonly failure: FeedFailure | undefined
  readonly nextAttemptAt: Date | undefined
  /** Since when the origin does not have it any more; what it said last stays in force. */
  readonly frozenAt: Date | undefined
}

const columns =
  'name, feed, part, cursor, checked_at, attempted_at, failure, failure_kind, failing_since, failures, next_attempt_at, frozen_at'

/** There are some hundred at most, since settings name the feeds. */
export async function listFeedParts(reader: SqlReader): Promise<readonly FeedPart[]> {
  const rows = await reader.all(`SELECT ${columns} FROM feed_parts ORDER BY name`)
  return rows.map(partOf)
}

export async function findFeedPart(reader: SqlReader, name: string): Promise<FeedPart | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM feed_parts WHERE name = $1`, [name])
  return row === undefined ? undefined : partOf(row)
}

type PartName = Pick<FeedPart, 'name' | 'feed' | 'part'>

/** The origin's state is here, or still is; without a cursor the one before stays. */
export async function writePartChecked(
  tx: SqlWriter,
  { name, feed, part }: PartName,
  checked: {
    readonly cursor: string | undefined
    readonly nextAttemptAt: Date
    readonly now: Date
  },
): Promise<void> {
  const { cursor, nextAttemptAt, now } = checked
  await tx.run(
    `INSERT INTO feed_parts (name, feed, part, cursor, checked_at, attempted_at, failures, next_attempt_at)
     VALUES ($1, $2, $3, $4, $5, $5, 0, $6)
     ON CONFLICT (name) DO UPDATE SET cursor = COALESCE(excluded.cursor, feed_parts.cursor),
       checked_at = excluded.checked_at, attempted_at = excluded.attempted_at, failure = NULL, failure_kind = NULL,
       failing_since = NULL, failures = 0, next_attempt_at = excluded.next_attempt_at, frozen_at = NULL`,
    [name, feed, part, cursor ?? null, now.getTime(), nextAttemptAt.getTime()],
  )
}

/** The last good state stays in force, and it is told why it is not newer and since when. */
export async function writePartFailure(
  tx: SqlWriter,
  { name, feed, part }: PartName,
  failed: {
    readonly kind: FeedFailureKind
    readonly reason: string
    readonly nextAttemptAt: Date
    readonly now: Date
  },
): Promise<void> {
  const { kind, reason, nextAttemptAt, now } = failed
  await tx.run(
    `INSERT INTO feed_parts
       (name, feed, part, attempted_at, failure, failure_kind, failing_since, failures, next_attempt_at)
     VALUES ($1, $2, $3, $4, $5, $6, $4, 1, $7)
     ON CONFLICT (name) DO UPDATE SET attempted_at = excluded.attempted_at, failure = excluded.failure,
       failure_kind = excluded.failure_kind,
       failing_since = COALESCE(feed_parts.failing_since, excluded.failing_since),
       failures = feed_parts.failures + 1, next_attempt_at = excluded.next_attempt_at`,
    [name, feed, part, now.getTime(), reason, kind, nextAttemptAt.getTime()],
  )
}

/** The whole is to be had next. */
export async function forgetPartCursor(tx: SqlWriter, name: string): Promise<void> {
  await tx.run('UPDATE feed_parts SET cursor = NULL WHERE name = $1', [name])
}

/** The origin does not have the part any more. */
export async function writePartFrozen(
  tx: SqlWriter,
  name: string,
  frozen: { readonly nextAttemptAt: Date; readonly now: Date },
): Promise<void> {
  await tx.run(
    `UPDATE feed_parts SET attempted_at = $2, failure = NULL, failure_kind = NULL, failing_since = NULL,
       failures = 0, next_attempt_at = $3, frozen_at = COALESCE(frozen_at, $2)
     WHERE name = $1`,
    [name, frozen.now.getTime(), frozen.nextAttemptAt.getTime()],
  )
}

/** A failure of what nobody reads any more is no news; its records stay. */
export async function forgetFailedPart(tx: SqlWriter, name: string): Promise<void> {
  await tx.run('DELETE FROM feed_parts WHERE name = $1 AND failure IS NOT NULL', [name])
}

/** Where it is fetched again, nothing is known of it. */
export async function forgetPart(tx: SqlWriter, name: string): Promise<void> {
  await tx.run('DELETE FROM feed_parts WHERE name = $1', [name])
  await tx.run('DELETE FROM advisory_absences WHERE source = $1', [name])
}

function partOf(row: SqlRow): FeedPart {
  return {
    name: text(row, 'name'),
    feed: text(row, 'feed'),
    part: text(row, 'part'),
    cursor: textOrAbsent(row, 'cursor'),
    checkedAt: instantOrAbsent(row, 'checked_at'),
    attemptedAt: instantOrAbsent(row, 'attempted_at'),
    failure: failureOf(row),
    nextAttemptAt: instantOrAbsent(row, 'next_attempt_at'),
    frozenAt: instantOrAbsent(row, 'frozen_at'),
  }
}

function failureOf(row: SqlRow): FeedFailure | undefined {
  const reason = textOrAbsent(row, 'failure')
  const since = instantOrAbsent(row, 'failing_since')
  if (reason === undefined || since === undefined) return undefined
  const word = textOrAbsent(row, 'failure_kind')
  const kind = feedFailureKinds.find((known) => known === word)
  if (kind === undefined) throw new Error('feed_parts.failure_kind cannot be read')
  return { kind, reason, since, count: integer(row, 'failures') }
}
