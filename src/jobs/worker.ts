import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { Database } from '../storage/database/database.ts'
import {
  claimJob,
  enqueue,
  finishJob,
  housekeepingPriority,
  postponeJob,
  renewLease,
  type ClaimedJob,
  type Lane,
} from './queue.ts'

/** Does one job; a throw means "again later". Idempotent: a killed worker's job runs again. */
export type JobHandler = (
  input: unknown,
  options: { readonly signal: AbortSignal; readonly attempt: number },
) => Promise<void>

export interface WorkerLog {
  jobDone(job: ClaimedJob, durationMs: number): void
  jobFailed(job: ClaimedJob, error: unknown, retryAt: Date): void
  loopFailed(error: unknown): void
}

export interface WorkerDeps {
  readonly database: Database
  readonly clock: Clock
  readonly ids: Ids
  readonly log: WorkerLog
  readonly handlers: Readonly<Record<string, JobHandler>>
  /** All jobs where it is absent. */
  readonly lane?: Lane
  /** Work that is asked for at the start and then again and again. */
  readonly schedule: readonly { readonly kind: string; readonly everyMs: number }[]
}

/** What a loss of power takes of this makes a job run again, which every job allows. */
const bookkeeping = { survives: 'process' } as const

const leaseMs = 60_000
const pollMs = 1_000
const firstRetryMs = 2_000
const longestRetryMs = 15 * 60_000

/**
 * Runs due jobs one after another until stopped. States of the loop: working → waiting (nothing due; woken or polled)
 * → working … → stopped, which lets the running job end or aborts it when the grace is over.
 */
export class JobWorker {
  readonly #deps: WorkerDeps
  readonly #owner: string
  readonly #stopping = new AbortController()
  #wake = new AbortController()
  #lastTurnAt: Date
  #finished: Promise<void> | undefined
  readonly #scheduledAt = new Map<string, number>()

  constructor(deps: WorkerDeps) {
    this.#deps = deps
    this.#owner = deps.ids.uuid()
    this.#lastTurnAt = deps.clock.now()
  }

  start(): void {
    this.#finished ??= this.#loop()
  }

  /** Looks for work now instead of at the next poll. */
  wake(): void {
    this.#wake.abort()
  }

  /** When the loop last turned; one that stands still is not ready. */
  get lastTurnAt(): Date {
    return this.#lastTurnAt
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server is stopping'))
    this.wake()
    await this.#finished
  }

  async #loop(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#lastTurnAt = this.#deps.clock.now()
      try {
        await this.#askForScheduled()
        if (!(await this.#runNext())) await this.#rest()
      } catch (error) {
        // The database is away: say so and try again, as long as the server lives.
        this.#deps.log.loopFailed(error)
        await this.#rest()
      }
    }
  }

  async #askForScheduled(): Promise<void> {
    const { database, clock, schedule } = this.#deps
    const now = clock.now()
    for (const { kind, everyMs } of schedule) {
      const last = this.#scheduledAt.get(kind)
      if (last !== undefined && now.getTime() - last < everyMs) continue
      this.#scheduledAt.set(kind, now.getTime())
      const job = { kind, key: 'scheduled', input: {}, priority: housekeepingPriority }
      await database.transaction((tx) => enqueue(tx, job, now))
    }
  }

  async #rest(): Promise<void> {
    const { signal } = this.#wake
    await delay(pollMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) this.#wake = new AbortController()
  }

  async #runNext(): Promise<boolean> {
    const { database, clock, lane } = this.#deps
    const job = await database.transaction(
      (tx) => claimJob(tx, { owner: this.#owner, now: clock.now(), leaseMs, lane }),
      bookkeeping,
    )
    if (job === undefined) return false
    const heartbeat = setInterval(() => {
      this.#lastTurnAt = clock.now()
      this.#renew(job)
    }, leaseMs / 3)
    try {
      await this.#run(job)
    } finally {
      clearInterval(heartbeat)
    }
    return true
  }

  #renew(job: ClaimedJob): void {
    const { database, clock, log } = this.#deps
    const until = new Date(clock.now().getTime() + leaseMs)
    database
      .transaction((tx) => renewLease(tx, job.id, this.#owner, until), bookkeeping)
      .catch((error: unknown) => log.loopFailed(error))
  }

  async #run(job: ClaimedJob): Promise<void> {
    const { database, clock, log, handlers } = this.#deps
    const started = clock.now()
    try {
      const handler = handlers[job.kind]
      if (handler === undefined) throw new Error(`no handler for jobs of kind ${job.kind}`)
      const { signal } = this.#stopping
      await handler(job.input, { signal, attempt: job.attempt })
      await database.transaction((tx) => finishJob(tx, job.id, this.#owner), bookkeeping)
      log.jobDone(job, clock.now().getTime() - started.getTime())
    } catch (error) {
      const at = new Date(clock.now().getTime() + retryDelay(job.attempt))
      log.jobFailed(job, error, at)
      const retry = { at, error: error instanceof Error ? error.message : 'unknown error' }
      await database.transaction((tx) => postponeJob(tx, job.id, this.#owner, retry), bookkeeping)
    }
  }
}

function retryDelay(attempt: number): number {
  return Math.min(firstRetryMs * 4 ** (attempt - 1), longestRetryMs)
}
