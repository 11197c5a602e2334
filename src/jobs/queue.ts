import {
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** Work to be done after the transaction that asks for it; lower priority numbers go first. */
export interface NewJob {
  readonly kind: string
  /** Names the thing worked on; a job of the same kind and key that waits already is not asked for twice. */
  readonly key: string
  readonly input: Readonly<Record<string, unknown>>
  readonly priority: number
}

/** Housekeeping waits for everything that somebody asked for. */
export const housekeepingPriority = 100

export interface ClaimedJob {
  readonly id: number
  readonly kind: string
  readonly key: string
  readonly input: unknown
  /** 1 at the first run. */
  readonly attempt: number
  readonly createdAt: Date
}

/** Asks for a job in the caller's transaction. One that runs just now will run once more. */
export async function enqueue(tx: SqlWriter, job: NewJob, now: Date): Promise<void> {
  await tx.run(
    `INSERT INTO jobs (kind, key, input, priority, run_after, attempts, again, created_at)
     VALUES ($1, $2, $3, $4, $5, 0, 0, $5)
     ON CONFLICT (kind, key) DO UPDATE SET input = excluded.input, again = 1,
       priority = CASE WHEN excluded.priority < jobs.priority THEN excluded.priority ELSE jobs.priority END,
       run_after = CASE WHEN jobs.lease_owner IS NULL THEN excluded.run_after ELSE jobs.run_after END`,
    [job.kind, job.key, JSON.stringify(job.input), job.priority, now.getTime()],
  )
}

/** Which kinds of jobs somebody takes: long ones that wait for others have a worker of their own. */
export interface Lane {
  readonly takes: 'only' | 'all-but'
  readonly kinds: readonly string[]
}

/** Takes the most urgent due job of the lane whose lease is free or has run out; at most one owner gets it. */
export async function claimJob(
  tx: SqlWriter,
  claim: {
    readonly owner: string
    readonly now: Date
    readonly leaseMs: number
    readonly lane?: Lane | undefined
  },
): Promise<ClaimedJob | undefined> {
  const { owner, now, leaseMs, lane } = claim
  const kinds = lane?.kinds ?? []
  const listed = kinds.map((_, at) => `$${at + 2}`).join(', ')
  const word = lane?.takes === 'only' ? 'IN' : 'NOT IN'
  const row = await tx.first(
    `SELECT id, kind, key, input, attempts, created_at FROM jobs
     WHERE run_after <= $1 AND (lease_until IS NULL OR lease_until <= $1)
       ${kinds.length === 0 ? '' : `AND kind ${word} (${listed})`}
     ORDER BY priority, run_after, id LIMIT 1`,
    [now.getTime(), ...kinds],
  )
  if (row === undefined) return undefined
  const job = claimedJob(row)
  await tx.run(
    `UPDATE jobs SET lease_owner = $1, lease_until = $2, attempts = attempts + 1, again = 0 WHERE id = $3`,
    [owner, now.getTime() + leaseMs, job.id],
  )
  return job
}

/** Keeps a running job from being taken for dead. */
export async function renewLease(
  tx: SqlWriter,
  id: number,
  owner: string,
  until: Date,
): Promise<void> {
  await tx.run('UPDATE jobs SET lease_until = $1 WHERE id = $2 AND lease_owner = $3', [
    until.getTime(),
    id,
    owner,
  ])
}

/** Done: the row goes, unless the job was asked for again while it ran. */
export async function finishJob(
  tx: SqlWriter,
  id: number,
  owner: string,
  now: Date,
): Promise<void> {
  await tx.run('DELETE FROM jobs WHERE id = $1 AND lease_owner = $2 AND again = 0', [id, owner])
  await tx.run(
    `UPDATE jobs SET lease_owner = NULL, lease_until = NULL, attempts = 0, run_after = $1
     WHERE id = $2 AND lease_owner = $3`,
    [now.getTime(), id, owner],
  )
}

export async function postponeJob(
  tx: SqlWriter,
  id: number,
  owner: string,
  retry: { readonly at: Date; readonly error: string },
): Promise<void> {
  await tx.run(
    `UPDATE jobs SET lease_owner = NULL, lease_until = NULL, run_after = $1, last_error = $2
     WHERE id = $3 AND lease_owner = $4`,
    [retry.at.getTime(), retry.error, id, owner],
  )
}

/** A single process owns an embedded database: what its predecessor was doing is free at once. */
export async function releaseAllLeases(tx: SqlWriter): Promise<void> {
  await tx.run(
    'UPDATE jobs SET lease_owner = NULL, lease_until = NULL WHERE lease_owner IS NOT NULL',
  )
}

function claimedJob(row: SqlRow): ClaimedJob {
  const input: unknown = JSON.parse(text(row, 'input'))
  return {
    id: integer(row, 'id'),
    kind: text(row, 'kind'),
    key: text(row, 'key'),
    input,
    attempt: integer(row, 'attempts') + 1,
    createdAt: instant(row, 'created_at'),
  }
}

/** Jobs that wait or run. */
export async function countJobs(reader: SqlReader): Promise<number> {
  const row = await reader.first('SELECT COUNT(*) AS n FROM jobs')
  return row === undefined ? 0 : integer(row, 'n')
}
