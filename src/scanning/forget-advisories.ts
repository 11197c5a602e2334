import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlReader, SqlWriter } from '../storage/database/database.ts'
import {
  deleteEndedAdvisories,
  deleteEndedMatches,
  deleteOldRevisions,
  findHorizon,
  writeKeptFrom,
} from './advisory-history-store.ts'
import { readAdvisoryState } from './advisory-state-store.ts'

/** Housekeeping: what is in force no more goes when its time is over. */
export const forgetAdvisoriesJob = 'forget-advisories'

export interface ForgetDeps {
  readonly database: Database
  readonly clock: Clock
  /** The oldest revision that somebody still shows findings of, whatever its age; undefined where nobody does. */
  readonly oldestInUse: (reader: SqlReader) => Promise<number | undefined>
}

export interface Forgotten {
  readonly keptFrom: number
  readonly matches: number
  readonly advisories: number
  /** False where a next run has to go on. */
  readonly isDone: boolean
}

/** Some milliseconds each: a record brings the rows of its packages along. */
const batches = { matches: 200, advisories: 50 }

/**
 * Removes records and matches that no revision of the last `days` days has. Never what is in force, nor what a match names that
 * can be asked for. That those revisions can be asked for no more is written first, so that nobody reads half of one.
 */
export async function forgetAdvisories(
  deps: ForgetDeps,
  { days, maxBatches }: { readonly days: number; readonly maxBatches: number },
  { signal }: { readonly signal: AbortSignal },
): Promise<Forgotten> {
  const keptFrom = await moveHorizon(deps, days)
  const budget = { batches: maxBatches }
  const remove = (
    step: (tx: SqlWriter, upTo: number, limit: number) => Promise<number>,
    limit: number,
  ): Promise<number> => removeAll(deps.database, { step, keptFrom, limit, budget, signal })
  const matches = await remove(deleteEndedMatches, batches.matches)
  const advisories = await remove(deleteEndedAdvisories, batches.advisories)
  const isDone = budget.batches > 0
  if (isDone) await deps.database.transaction((tx) => deleteOldRevisions(tx, keptFrom))
  return { keptFrom, matches, advisories, isDone }
}

/** The oldest revision that can be asked for from now on; it never goes back, also where the clock does. */
async function moveHorizon(
  { database, clock, oldestInUse }: ForgetDeps,
  days: number,
): Promise<number> {
  const before = new Date(clock.now().getTime() - days * 86_400_000)
  return database.transaction(async (tx) => {
    const { evaluatedRevision, keptFrom } = await readAdvisoryState(tx)
    const inUse = await oldestInUse(tx)
    const upTo = Math.min(evaluatedRevision, inUse ?? evaluatedRevision)
    const horizon = Math.max(keptFrom, (await findHorizon(tx, { before, upTo })) ?? 0)
    await writeKeptFrom(tx, horizon)
    return horizon
  })
}

async function removeAll(
  database: Database,
  work: {
    readonly step: (tx: SqlWriter, upTo: number, limit: number) => Promise<number>
    readonly keptFrom: number
    readonly limit: number
    readonly budget: { batches: number }
    readonly signal: AbortSignal
  },
): Promise<number> {
  const { step, keptFrom, limit, budget, signal } = work
  let removed = 0
  while (budget.batches > 0) {
    signal.throwIfAborted()
    const count = await database.transaction((tx) => step(tx, keptFrom, limit))
    if (count === 0) return removed
    removed += count
    budget.batches -= 1
    await yieldToEventLoop()
  }
  return removed
}
