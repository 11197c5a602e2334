import type { RunCause } from './run-job.ts'
import {
  instant,
  instantOrAbsent,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** `done`: all that was due; `no-policy`: it was deleted meanwhile; `policy-changed`: another run is asked for. */
export type RunEnding = 'done' | 'no-policy' | 'policy-changed' | 'repository-deleted'

export interface LifecycleRun {
  readonly id: number
  readonly repositoryId: number
  readonly repository: string
  readonly text: string
  readonly askedBy: RunCause
  readonly isOpen: boolean
  readonly ending: string | undefined
  readonly expired: number
  readonly archived: number
  /** Decisions that did not hold when they were to be carried out. */
  readonly passedOver: number
  /** Config and layers of the images that went, each image counted by itself. */
  readonly bytes: number
  readonly startedAt: Date
  readonly endedAt: Date | undefined
}

export type RunCounts = Pick<LifecycleRun, 'expired' | 'archived' | 'passedOver' | 'bytes'>

const columns =
  'id, repository_id, repository, text, asked_by, state, ending, expired, archived, passed_over, bytes, started_at, ended_at'

export async function findOpenRun(
  reader: SqlReader,
  repositoryId: number,
): Promise<LifecycleRun | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM lifecycle_runs WHERE repository_id = $1 AND state = 'open'`,
    [repositoryId],
  )
  return row === undefined ? undefined : runOf(row)
}

export async function findRun(reader: SqlReader, id: number): Promise<LifecycleRun | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM lifecycle_runs WHERE id = $1`, [id])
  return row === undefined ? undefined : runOf(row)
}

/** Newest first. */
export async function listRuns(
  reader: SqlReader,
  repository: { readonly account: string; readonly name: string },
  limit: number,
): Promise<readonly LifecycleRun[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM lifecycle_runs WHERE account = $1 AND repository = $2 ORDER BY id DESC LIMIT $3`,
    [repository.account, repository.name, limit],
  )
  return rows.map(runOf)
}

export async function insertRun(
  tx: SqlWriter,
  run: {
    readonly repository: { readonly id: number; readonly account: string; readonly name: string }
    readonly text: string
    readonly askedBy: RunCause
  },
  now: Date,
): Promise<LifecycleRun> {
  const { repository } = run
  const row = await tx.first(
    `INSERT INTO lifecycle_runs (repository_id, account, repository, text, asked_by, state, expired, archived, passed_over, bytes, started_at)
     VALUES ($1, $2, $3, $4, $5, 'open', 0, 0, 0, 0, $6) RETURNING ${columns}`,
    [repository.id, repository.account, repository.name, run.text, run.askedBy, now.getTime()],
  )
  if (row === undefined) throw new Error('an inserted lifecycle run has no row')
  return runOf(row)
}

export async function addRunCounts(tx: SqlWriter, id: number, counts: RunCounts): Promise<void> {
  await tx.run(
    `UPDATE lifecycle_runs SET expired = expired + $2, archived = archived + $3, passed_over = passed_over + $4,
       bytes = bytes + $5 WHERE id = $1`,
    [id, counts.expired, counts.archived, counts.passedOver, counts.bytes],
  )
}

export async function endRun(
  tx: SqlWriter,
  id: number,
  ending: RunEnding,
  now: Date,
): Promise<void> {
  await tx.run(
    `UPDATE lifecycle_runs SET state = 'ended', ending = $2, ended_at = $3 WHERE id = $1 AND state = 'open'`,
    [id, ending, now.getTime()],
  )
}

export async function forgetRuns(
  tx: SqlWriter,
  { endedBefore, limit }: { readonly endedBefore: Date; readonly limit: number },
): Promise<number> {
  return tx.run(
    `DELETE FROM lifecycle_runs WHERE id IN (SELECT id FROM lifecycle_runs
       WHERE state = 'ended' AND ended_at < $1 ORDER BY ended_at LIMIT $2)`,
    [endedBefore.getTime(), limit],
  )
}

function runOf(row: SqlRow): LifecycleRun {
  const askedBy = text(row, 'asked_by')
  return {
    id: integer(row, 'id'),
    repositoryId: integer(row, 'repository_id'),
    repository: text(row, 'repository'),
    text: text(row, 'text'),
    askedBy: askedBy === 'policy' || askedBy === 'request' ? askedBy : 'schedule',
    isOpen: text(row, 'state') === 'open',
    ending: textOrAbsent(row, 'ending'),
    expired: integer(row, 'expired'),
    archived: integer(row, 'archived'),
    passedOver: integer(row, 'passed_over'),
    bytes: integer(row, 'bytes'),
    startedAt: instant(row, 'started_at'),
    endedAt: instantOrAbsent(row, 'ended_at'),
  }
}
