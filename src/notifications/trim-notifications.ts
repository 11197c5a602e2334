import { trimEvents } from '../jobs/outbox.ts'
import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database } from '../storage/database/database.ts'
import { trimDeadLetters } from './delivery-store.ts'
import { deleteExpiredSinkSecrets } from './sink-secret-store.ts'
import { addDropped, listAllSinkIds } from './sink-store.ts'

/** Asked for by schedule: what was told, and what is too old to be kept for looking back, goes. */
export const trimNotificationsJob = 'trim-notifications'

const rowsAtOnce = 1000
/** Dead letters of one sink, and how long each is kept. */
const keptLetters = 5_000
const keptLettersMs = 30 * 86_400_000

const bookkeeping = { survives: 'process' } as const

/** Events that every reader has passed go after so many days; dead letters beyond their bounds go and are counted. */
export async function trimNotifications(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { keepEventsDays }: { readonly keepEventsDays: number },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const now = clock.now().getTime()
  const before = new Date(now - keepEventsDays * 86_400_000)
  await repeat(signal, () =>
    database.transaction((tx) => trimEvents(tx, { before, limit: rowsAtOnce }), bookkeeping),
  )
  await database.transaction((tx) => deleteExpiredSinkSecrets(tx, clock.now()), bookkeeping)
  const bounds = { keep: keptLetters, before: new Date(now - keptLettersMs), limit: rowsAtOnce }
  for (const id of await listAllSinkIds(database)) {
    await repeat(signal, () =>
      database.transaction(async (tx) => {
        const dropped = await trimDeadLetters(tx, id, bounds)
        if (dropped > 0) await addDropped(tx, id, dropped)
        return dropped
      }, bookkeeping),
    )
  }
}

async function repeat(signal: AbortSignal, step: () => Promise<number>): Promise<void> {
  while ((await step()) === rowsAtOnce) {
    signal.throwIfAborted()
    await yieldToEventLoop()
  }
}
