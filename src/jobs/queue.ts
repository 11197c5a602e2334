import {
  instant,
  integer,
  integerOrAbsent,
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
  /** Whose it is (an account): of one priority each has its turn, however many jobs another has waiting. */
  readonly fairKey?: string
  /** Not before this moment; absent: at once. */
  readonly notBefore?: Date
}

/** Which jobs somebody takes: long ones that wait for others have a worker of their own, and so has what people wait for. */
export interface Lane {
  readonly takes: 'only' | 'all-but'
  readonly kinds: readonly string[]
  /** Both included; all where they are absent. */
  readonly priorities?: Priorities
}

export interface Priorities {
  readonly from: number
  readonly to: number
}

/** What somebody waits for: never behind a backlog. */
export const urgentPriorities: Priorities = { from: 0, to: 29 }
/** Re-evaluation, scans that nobody waits for, housekeeping. */
export const backgroundPriorities: Priorities = { from: 30, to: Number.MAX_SAFE_INTEGER }
const allPriorities: Priorities = { from: 0, to: Number.MAX_SAFE_INTEGER }

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

/** Asks for a job in the caller's transaction. One that runs just now will run once more, with this input. */
export async function enqueue(tx: SqlWriter, job: NewJob, now: Date): Promise<void> {
  const { kind, key, input, priority, fairKey = '', notBefore = now } = job
  const turn = await nextTurn(tx, priority, fairKey)
  await tx.run(
    `INSERT INTO jobs (kind, key, input, priority, run_after, attempts, again, created_at, fair_key, turn)
     VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $8)
     ON CONFLICT (kind, key) DO UPDATE SET input = excluded.input, again = 1, run_after = excluded.run_after,
       turn = CASE WHEN excluded.priority < jobs.priority OR jobs.lease_owner IS NOT NULL
         THEN excluded.turn ELSE jobs.turn END,
       priority = CASE WHEN excluded.priority < jobs.priority THEN excluded.priority ELSE jobs.priority END`,
    [kind, key, JSON.stringify(input), priority, notBefore.getTime(), now.getTime(), fairKey, turn],
  )
}

/**
 * Rounds in which jobs of one priority are taken: a key has one job in each round, so that nobody waits for more than
 * one job of every other key for each of its own. Behind the round that is being worked off: else whoever asks again and again
 * would keep a round from ending.
 */
async function nextTurn(tx: SqlWriter, priority: number, fairKey: string): Promise<number> {
  const row = await tx.first(
    `SELECT MAX(turn) AS turn FROM (
       SELECT turn FROM job_turns WHERE priority = $1
       UNION ALL SELECT MAX(turn) AS turn FROM jobs WHERE priority = $1 AND fair_key = $2) AS rounds`,
    [priority, fairKey],
  )
  return (row === undefined ? 0 : (integerOrAbsent(row, 'turn') ?? 0)) + 1
}

/** How many jobs of a priority a key has waiting or running, counted up to `limit`. */
export async function countJobsOf(
  reader: SqlReader,
  { priority, fairKey }: { readonly priority: number; readonly fairKey: string },
  limit: number,
): Promise<number> {
  const row = await reader.first(
    `SELECT COUNT(*) AS n FROM (SELECT id FROM jobs WHERE priority = $1 AND fair_key = $2 LIMIT $3) AS some`,
    [priority, fairKey, limit],
  )
  return row === undefined ? 0 : integer(row, 'n')
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
  const listed = kinds.map((_, at) => `$${at + 4}`).join(', ')
  const word = lane?.takes === 'only' ? 'IN' : 'NOT IN'
  const { from, to } = lane?.priorities ?? allPriorities
  const row = await tx.first(
    `SELECT id, kind, key, input, priority, turn, attempts, created_at FROM jobs
     WHERE priority >= $2 AND priority <= $3 AND run_after <= $1 AND (lease_until IS NULL OR lease_until <= $1)
       ${kinds.length === 0 ? '' : `AND kind ${word} (${listed})`}
     ORDER BY priority, turn, id LIMIT 1`,
    [now.getTime(), from, to, ...kinds],
  )
  if (row === undefined) return undefined
  const job = claimedJob(row)
  await tx.run(
    `UPDATE jobs SET lease_owner = $1, lease_until = $2, attempts = attempts + 1, again = 0 WHERE id = $3`,
    [owner, now.getTime() + leaseMs, job.id],
  )
  await tx.run(
    `INSERT INTO job_turns (priority, turn) VALUES ($1, $2)
     ON CONFLICT (priority) DO UPDATE SET turn = excluded.turn WHERE excluded.turn > job_turns.turn`,
    [integer(row, 'priority'), integer(row, 'turn')],
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

/** Done: the row goes, unless the job was asked for again while it ran; it is then due when that said. */
export async function finishJob(tx: SqlWriter, id: number, owner: string): Promise<void> {
  await tx.run('DELETE FROM jobs WHERE id = $1 AND lease_owner = $2 AND again = 0', [id, owner])
  await tx.run(
    `UPDATE jobs SET lease_owner = NULL, lease_until = NULL, attempts = 0 WHERE id = $1 AND lease_owner = $2`,
    [id, owner],
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
