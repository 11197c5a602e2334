import { countHoldings } from './count-holdings.ts'
import { countNewSets } from './count-new-sets.ts'
import type { EvaluationDeps } from './match-packages.ts'
import { spreadCounts } from './spread-counts.ts'

/**
 * The job: findings of packages that changed are counted by holding, the differences are added to the sets that hold them,
 * and new sets are counted. It costs what changed; a killed run goes on where it stood. One at a time.
 */
export async function countFindings(
  deps: EvaluationDeps,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  await countHoldings(deps, options)
  await spreadCounts(deps.database, options)
  await countNewSets(deps.database, options)
}
