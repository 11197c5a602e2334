import { countHoldings } from './count-holdings.ts'
import { countNewSets } from './count-new-sets.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { EvaluationDeps } from './match-packages.ts'
import { moveOlderCounts } from './set-count-store.ts'
import { spreadCounts } from './spread-counts.ts'

/**
 * The job: findings of packages that changed are counted by holding, the differences are added to the sets that hold them,
 * and new sets are counted. It costs what changed; a killed run goes on where it stood. One at a time.
 */
export async function countFindings(
  deps: EvaluationDeps,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  await moveOlder(deps, options)
  await countHoldings(deps, options)
  await spreadCounts(deps.database, options)
  await countNewSets(deps.database, options)
}

const movedAtOnce = 1000

/** Counts of sets as they were kept before: nothing is added to them before they are where the others are. */
async function moveOlder(
  { database }: EvaluationDeps,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  while ((await database.transaction((tx) => moveOlderCounts(tx, movedAtOnce))) > 0) {
    signal.throwIfAborted()
    await yieldToEventLoop()
  }
}
