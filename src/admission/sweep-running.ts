import type { Clock } from '../lib/clock.ts'
import { deleteOldPlaces, endUnseen } from '../running/cluster-sighting-store.ts'
import type { Database } from '../storage/database/database.ts'
import { deleteDenialsBefore } from './denial-store.ts'

export const sweepRunningJob = 'sweep-running'

export interface RunningSetting {
  /** For how long something is taken to run of which nobody tells any more. */
  readonly inUseDays: number
  /** For how long decisions are kept, and what ran. */
  readonly decisionDays: number
}

const dayMs = 86_400_000
const rowsAtOnce = 1000

/** What nobody told of for days is not taken to run, and what is old goes. */
export async function sweepRunning(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { inUseDays, decisionDays }: RunningSetting,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const now = clock.now().getTime()
  const keptMs = inUseDays * dayMs
  await database.transaction((tx) => endUnseen(tx, { before: new Date(now - keptMs), keptMs }))
  const before = new Date(now - decisionDays * dayMs)
  for (const remove of [deleteOldPlaces, deleteDenialsBefore]) {
    let removed = rowsAtOnce
    while (removed === rowsAtOnce) {
      signal.throwIfAborted()
      removed = await database.transaction((tx) => remove(tx, before, rowsAtOnce))
    }
  }
}
