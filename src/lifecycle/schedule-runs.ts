import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { listPolicyHolders } from './lifecycle-policy-store.ts'
import { forgetPreviews } from './preview-store.ts'
import { dropKeptManifests, forgetRecords } from './record-store.ts'
import { runPolicyJobOf } from './run-job.ts'
import { dayMs } from './rules/lifecycle-policy.ts'
import { forgetRuns } from './run-store.ts'
import { previewKeptMs } from './start-preview.ts'

/** Rows of one transaction. */
const pageSize = 100
/** What became of an image is told for so long. */
const recordsKeptMs = 400 * dayMs
const runsKeptMs = 90 * dayMs

/** The job: asks for the run of each policy, and forgets what nobody can ask for any more. */
export async function scheduleRuns(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  for (let after: number | undefined = 0; after !== undefined;) {
    signal.throwIfAborted()
    const page: { readonly after: number; readonly limit: number } = { after, limit: pageSize }
    after = await database.transaction(async (tx) => {
      const holders = await listPolicyHolders(tx, page)
      for (const id of holders) await enqueue(tx, runPolicyJobOf(id, 'schedule'), clock.now())
      return holders.length < pageSize ? undefined : holders.at(-1)
    })
    await yieldToEventLoop()
  }
  const now = clock.now()
  const before = (ms: number): Date => new Date(now.getTime() - ms)
  const limit = pageSize
  const forgetting: readonly ((tx: SqlWriter) => Promise<number>)[] = [
    (tx) => dropKeptManifests(tx, { now, limit }),
    (tx) => forgetPreviews(tx, { startedBefore: before(previewKeptMs), limit: 1 }),
    (tx) => forgetRuns(tx, { endedBefore: before(runsKeptMs), limit }),
    (tx) => forgetRecords(tx, { before: before(recordsKeptMs), limit }),
  ]
  for (const forget of forgetting) {
    while ((await database.transaction(forget)) > 0) {
      signal.throwIfAborted()
      await yieldToEventLoop()
    }
  }
}
