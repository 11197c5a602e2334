import type { AccountId } from '../policy/account-id.ts'
import {
  instant,
  instantOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { backfillStates, type BackfillState } from './rules/backfill.ts'
import type { Destination } from './rules/replication-rules.ts'

/** One copying of what was there before a rule. */
export interface Backfill {
  readonly id: string
  readonly destination: Destination
  readonly state: BackfillState
  readonly failure: string | undefined
  readonly startedAt: Date
  /** Undefined while it is under way. */
  readonly endedAt: Date | undefined
}

/** Where a page ended. */
export interface BackfillCursor {
  readonly startedAt: number
  readonly id: string
}

const columns = 'id, region, registry, state, failure, started_at, ended_at'

export async function findBackfill(
  reader: SqlReader,
  account: AccountId,
  id: string,
): Promise<Backfill | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM replication_backfills WHERE id = $1 AND account = $2`,
    [id, account],
  )
  return row === undefined ? undefined : backfillOf(row)
}

/** Newest first; those that are under way, and those that ended after a moment. */
export async function listBackfills(
  reader: SqlReader,
  account: AccountId,
  page: {
    readonly endedAfter: Date
    readonly before: BackfillCursor | undefined
    readonly limit: number
  },
): Promise<readonly Backfill[]> {
  const { startedAt, id } = page.before ?? { startedAt: Number.MAX_SAFE_INTEGER, id: '' }
  const rows = await reader.all(
    `SELECT ${columns} FROM replication_backfills
     WHERE account = $1 AND (started_at < $2 OR (started_at = $2 AND id < $3)) AND (ended_at IS NULL OR ended_at > $4)
     ORDER BY started_at DESC, id DESC LIMIT $5`,
    [account, startedAt, id, page.endedAfter.getTime(), page.limit],
  )
  return rows.map(backfillOf)
}

/** Of those that are under way: at most as many as may be. */
export async function listOpenDestinations(
  reader: SqlReader,
  account: AccountId,
): Promise<readonly Destination[]> {
  const rows = await reader.all(
    'SELECT region, registry FROM replication_backfills WHERE account = $1 AND ended_at IS NULL',
    [account],
  )
  return rows.map(destinationOf)
}

export async function insertBackfill(
  tx: SqlWriter,
  account: AccountId,
  backfill: Backfill & { readonly startedBy: string },
): Promise<void> {
  const { destination, startedAt, endedAt } = backfill
  await tx.run(
    `INSERT INTO replication_backfills (id, account, region, registry, state, failure, started_by, started_at, ended_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      backfill.id,
      account,
      destination.region,
      destination.registry,
      backfill.state,
      backfill.failure ?? null,
      backfill.startedBy,
      startedAt.getTime(),
      endedAt?.getTime() ?? null,
    ],
  )
}

export async function endBackfill(
  tx: SqlWriter,
  id: string,
  state: Extract<BackfillState, 'COMPLETE' | 'FAILED' | 'STOPPED'>,
  now: Date,
): Promise<void> {
  await tx.run('UPDATE replication_backfills SET state = $1, ended_at = $2 WHERE id = $3', [
    state,
    now.getTime(),
    id,
  ])
}

/** Those that ended before a moment, and of the others all but the newest that are kept. */
export async function forgetBackfills(
  tx: SqlWriter,
  account: AccountId,
  { endedBefore, keep }: { readonly endedBefore: Date; readonly keep: number },
): Promise<void> {
  await tx.run(
    `DELETE FROM replication_backfills WHERE account = $1 AND ended_at IS NOT NULL
       AND (ended_at <= $2 OR id NOT IN (SELECT id FROM replication_backfills WHERE account = $1
         ORDER BY started_at DESC, id DESC LIMIT $3))`,
    [account, endedBefore.getTime(), keep],
  )
}

function backfillOf(row: SqlRow): Backfill {
  const state = backfillStates.find((one) => one === text(row, 'state'))
  if (state === undefined) throw new Error('replication_backfills.state is none of the model')
  return {
    id: text(row, 'id'),
    destination: destinationOf(row),
    state,
    failure: textOrAbsent(row, 'failure'),
    startedAt: instant(row, 'started_at'),
    endedAt: instantOrAbsent(row, 'ended_at'),
  }
}

function destinationOf(row: SqlRow): Destination {
  return { region: text(row, 'region'), registry: text(row, 'registry') }
}
