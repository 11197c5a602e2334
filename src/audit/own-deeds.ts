// What the program did by itself, on its way to the audit log: a row in the transaction of the fact, a record by a job.
import { enqueue } from '../jobs/queue.ts'
import type { Ids } from '../lib/ids.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import {
  deleteDeeds,
  insertDeed,
  listDeeds,
  type OwnDeed,
  type WaitingDeed,
} from './outbox-store.ts'
import { ownRequest } from './own-request.ts'
import type { RecordRenderer } from './render-record.ts'

export const recordDeedsJob = 'record-deeds'
/** Before what nobody waits for: the log is to have it soon. */
const recordPriority = 25
/** Also by itself, should a restored backup have left some. */
export const recordDeedsEveryMs = 3_600_000
const recordedAtOnce = 100

/** It stands in the log soon after the transaction, and not without it. */
export async function tellDeed(tx: SqlWriter, deed: OwnDeed, now: Date): Promise<void> {
  await insertDeed(tx, deed, now)
  const job = { kind: recordDeedsJob, key: 'all', input: {}, priority: recordPriority }
  await enqueue(tx, job, now)
}

/**
 * Writes what waits, oldest first. A kill between the record and the row's end leaves a deed recorded twice; none
 * is lost. Rejects where the log cannot be written: the job comes again.
 */
export async function recordDeeds(
  deps: {
    readonly database: Database
    readonly renderer: RecordRenderer
    readonly ids: Ids
    readonly record: (text: string) => Promise<void>
  },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const waiting = await listDeeds(deps.database, recordedAtOnce)
    const last = waiting.at(-1)
    if (last === undefined) return
    const texts = waiting.map((deed) =>
      deps.renderer.render(requestOf(deed), deed.at, deps.ids.uuid()),
    )
    await Promise.all(texts.map((text) => deps.record(text)))
    await deps.database.transaction((tx) => deleteDeeds(tx, last.id))
  }
}

function requestOf(deed: WaitingDeed): Parameters<RecordRenderer['render']>[0] {
  const { account, name: operation, by, resource, parameters, outcome, id } = deed
  const service = `${by}.pratique`
  return ownRequest({
    requestId: `deed-${id}`,
    account,
    service,
    via: 'job',
    sourceAddress: service,
    operation,
    action: undefined,
    resource,
    decision: undefined,
    parameters,
    responseElements: outcome,
  })
}
