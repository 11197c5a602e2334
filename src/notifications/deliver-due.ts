import { backoffMs } from '../lib/backoff.ts'
import type { Ids } from '../lib/ids.ts'
import { mapConcurrent } from '../lib/map-concurrent.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import {
  buryDelivery,
  buryWaiting,
  deleteDelivery,
  hastenDeliveries,
  listDueDeliveries,
  postponeDelivery,
  type Delivery,
} from './delivery-store.ts'
import {
  failuresUntilPause,
  giveUpAfterMs,
  isDead,
  messageBackoff,
  sinkBackoff,
} from './rules/retry-schedule.ts'
import type { SinkKind } from './rules/sink.ts'
import { sendNotice, type SendDeps, type SendResult } from './send-notice.ts'
import {
  findSinkById,
  recordSinkFailure,
  recordSinkSuccess,
  writeSinkState,
  type Sink,
} from './sink-store.ts'

export interface DeliveryDeps extends SendDeps {
  readonly database: Database
  readonly ids: Ids
  readonly log: DeliveryLog
}

export interface DeliveryLog {
  /** Each attempt; `dead`: it was the last. */
  attempted(kind: SinkKind, outcome: 'delivered' | 'failed' | 'dead'): void
  sinkDisabled(sink: Sink, reason: string): void
}

/** A power loss takes at most the note that something was delivered: then it is sent again, under the same id. */
const bookkeeping = { survives: 'process' } as const

/** Requests at a time. Chat takes one message a second, a mail server rarely more than one connection. */
const concurrency = { webhook: 4, slack: 1, smtp: 1 } as const satisfies Record<SinkKind, number>
const buriedAtOnce = 1000
const hastenedAtOnce = 500
const longestErrorText = 500

/** Sends what is due for a sink, some messages at a time; false when nothing is due, or the sink is to be left alone. */
export async function deliverDue(
  deps: DeliveryDeps,
  sinkId: string,
  options: { readonly signal: AbortSignal },
): Promise<boolean> {
  const { database, clock } = deps
  const now = clock.now()
  const sink = await findSinkById(database, sinkId)
  if (sink === undefined || sink.state === 'disabled') return false
  const { pausedUntil, failures } = sink.health
  if (pausedUntil !== undefined && pausedUntil > now) return false
  // One message asks whether a receiver is back that took none for a while.
  const limit = failures >= failuresUntilPause ? 1 : concurrency[sink.settings.kind]
  const due = await listDueDeliveries(database, sinkId, { now, limit })
  await mapConcurrent(due, limit, (delivery) => deliver(deps, sink, delivery, options))
  return due.length > 0
}

async function deliver(
  deps: DeliveryDeps,
  sink: Sink,
  delivery: Delivery,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const { notice, attempts } = delivery
  const result = await sendNotice(deps, { sink, notice, attempt: attempts + 1 }, options)
  // The server stops: whether it was taken is not known, so it is sent again.
  if (result.kind !== 'delivered' && options.signal.aborted) return
  if (result.kind === 'gone') return disable(deps, sink, result.reason)
  const outcome = await deps.database.transaction(
    (tx) =>
      result.kind === 'delivered'
        ? recordDelivered(deps, tx, sink, delivery)
        : recordFailed(deps, tx, { sink, delivery, result }),
    bookkeeping,
  )
  deps.log.attempted(sink.settings.kind, outcome === 'back' ? 'delivered' : outcome)
  if (outcome === 'back') await hasten(deps, sink, options)
}

async function recordDelivered(
  { clock }: DeliveryDeps,
  tx: SqlWriter,
  { id }: Sink,
  delivery: Delivery,
): Promise<'delivered' | 'back'> {
  const now = clock.now()
  const before = await findSinkById(tx, id)
  await deleteDelivery(tx, delivery.id)
  await recordSinkSuccess(tx, id, now)
  // One that was away, not one that did not take a single message: that keeps to its own times.
  return (before?.health.failures ?? 0) >= failuresUntilPause ? 'back' : 'delivered'
}

/** In parts, since thousands may wait; those that a kill leaves out have their own times. */
async function hasten(
  { database, clock }: DeliveryDeps,
  { id }: Sink,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const now = clock.now()
  const part = { now, limit: hastenedAtOnce }
  const step = (tx: SqlWriter): Promise<number> => hastenDeliveries(tx, id, part)
  while ((await database.transaction(step, bookkeeping)) === hastenedAtOnce) {
    if (signal.aborted) return
    await yieldToEventLoop()
  }
}

interface FailedDelivery {
  readonly sink: Sink
  readonly delivery: Delivery
  readonly result: Extract<SendResult, { readonly kind: 'failed' }>
}

async function recordFailed(
  deps: DeliveryDeps,
  tx: SqlWriter,
  { sink: { id }, delivery, result }: FailedDelivery,
): Promise<'failed' | 'dead'> {
  const { clock, ids } = deps
  const now = clock.now()
  const error = result.reason.slice(0, longestErrorText)
  const sink = await findSinkById(tx, id)
  if (sink === undefined) return 'failed'
  if (!result.isRefusal) await recordTrouble(deps, tx, sink, { error, result })
  const attempts = delivery.attempts + 1
  if (isDead({ attempts, since: delivery.since, isRefusal: result.isRefusal }, now)) {
    await buryDelivery(tx, delivery.id, error, now)
    return 'dead'
  }
  const waitMs = Math.max(
    backoffMs(chanceOf(ids), attempts, messageBackoff),
    Math.min((result.retryAfterSeconds ?? 0) * 1000, messageBackoff.longestMs),
  )
  await postponeDelivery(tx, delivery.id, { dueAt: new Date(now.getTime() + waitMs), error })
  return 'failed'
}

/** Of the receiver as a whole; what waited too long goes with the message that was tried. */
async function recordTrouble(
  { clock, ids }: DeliveryDeps,
  tx: SqlWriter,
  { id, health }: Sink,
  { error, result }: { readonly error: string; readonly result: FailedDelivery['result'] },
): Promise<void> {
  const now = clock.now()
  const failures = health.failures + 1
  const backoff =
    failures < failuresUntilPause
      ? 0
      : backoffMs(chanceOf(ids), failures - failuresUntilPause + 1, sinkBackoff)
  const asked = Math.min((result.retryAfterSeconds ?? 0) * 1000, messageBackoff.longestMs)
  const pauseMs = Math.max(backoff, asked)
  const pausedUntil = pauseMs === 0 ? undefined : new Date(now.getTime() + pauseMs)
  await recordSinkFailure(tx, id, { error, pausedUntil }, now)
  const before = new Date(now.getTime() - giveUpAfterMs)
  await buryWaiting(tx, id, { before, error, limit: buriedAtOnce }, now)
}

/** From 0 to 1. */
function chanceOf(ids: Ids): number {
  return ids.bytes(4).readUInt32BE() / 2 ** 32
}

/** What waits becomes dead letters, so that it can be sent when somebody has mended the address. */
async function disable(deps: DeliveryDeps, sink: Sink, reason: string): Promise<void> {
  const { database, clock, log } = deps
  await database.transaction((tx) =>
    writeSinkState(tx, sink.id, { state: 'disabled', stateReason: reason }),
  )
  log.sinkDisabled(sink, reason)
  const bury = async (tx: SqlWriter): Promise<number> =>
    buryWaiting(tx, sink.id, { before: undefined, error: reason, limit: buriedAtOnce }, clock.now())
  for (let buried = buriedAtOnce; buried === buriedAtOnce;) {
    buried = await database.transaction(bury, bookkeeping)
  }
}
