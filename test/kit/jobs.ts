// Works jobs off as the server does, one after another, without waiting.
import { recordDeedsJob } from '../../src/audit/own-deeds.ts'
import { claimJob, finishJob } from '../../src/jobs/queue.ts'
import type { JobHandler } from '../../src/jobs/worker.ts'
import type { Clock } from '../../src/lib/clock.ts'
import type { Database, SqlRow } from '../../src/storage/database/database.ts'

/** Runs what is due, and what that asks for, until nothing is; kinds in the order in which they ran. */
export async function runJobs(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  handlers: Readonly<Record<string, JobHandler>>,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly string[]> {
  const ran: string[] = []
  for (;;) {
    const claim = { owner: 'test', leaseMs: 1000, now: clock.now() }
    const job = await database.transaction((tx) => claimJob(tx, claim))
    if (job === undefined) return ran
    if (job.kind === recordDeedsJob && handlers[job.kind] === undefined) {
      // Nobody here keeps an audit log.
      await database.transaction((tx) => finishJob(tx, job.id, 'test'))
      continue
    }
    const handler = handlers[job.kind]
    if (handler === undefined) throw new Error(`no handler for ${job.kind}`)
    await handler(job.input, { signal, attempt: job.attempt })
    ran.push(job.kind)
    await database.transaction((tx) => finishJob(tx, job.id, 'test'))
  }
}

export interface TestEvent {
  readonly kind: string
  readonly account: string
  readonly resource: string
  readonly detail: unknown
}

/** What the outbox has of these kinds, in order. */
export async function eventsOf(
  database: Database,
  ...kinds: readonly string[]
): Promise<readonly TestEvent[]> {
  const rows = await database.all('SELECT kind, account, resource, detail FROM events ORDER BY id')
  return rows.map(eventOf).filter(({ kind }) => kinds.includes(kind))
}

function eventOf(row: SqlRow): TestEvent {
  const detail: unknown = JSON.parse(String(row['detail']))
  return {
    kind: String(row['kind']),
    account: String(row['account']),
    resource: String(row['resource']),
    detail,
  }
}
