import { createHash } from 'node:crypto'
import { enqueue } from '../jobs/queue.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { countFindingsJob, countingPriority } from './counting-job.ts'
import { internHolding, postHolding } from './holding-store.ts'
import type { ScannedInstance } from './image-scan.ts'
import type { EvaluationDeps } from './match-packages.ts'
import { markPosted, putPackageSet } from './package-set-store.ts'
import { holdingsOf } from './rules/holdings-of.ts'
import { packIds } from './rules/id-list.ts'

/** A few milliseconds of statements. */
const batchHoldings = 100

/**
 * The set of what an image holds, made at its first sight; undefined for an image without packages. Short transactions, each
 * of which may be repeated: a killed run leaves a set that the next one completes.
 */
export async function internPackageSet(
  deps: EvaluationDeps,
  instances: readonly ScannedInstance[],
  { signal }: { readonly signal: AbortSignal },
): Promise<number | undefined> {
  const holdings = holdingsOf(instances)
  if (holdings.length === 0) return undefined
  const { database, clock } = deps
  const ids: number[] = []
  for (let start = 0; start < holdings.length; start += batchHoldings) {
    signal.throwIfAborted()
    const part = holdings.slice(start, start + batchHoldings)
    await database.transaction(async (tx) => {
      for (const holding of part) ids.push(await internHolding(tx, holding))
    })
    await yieldToEventLoop()
  }
  const sorted = ids.toSorted((a, b) => a - b)
  const members = packIds(sorted)
  const hash = createHash('sha256').update(members).digest('hex')
  const set = await database.transaction((tx) => putPackageSet(tx, { hash, members }))
  if (set.isPosted) return set.id
  for (let start = 0; start < sorted.length; start += batchHoldings) {
    signal.throwIfAborted()
    const part = sorted.slice(start, start + batchHoldings)
    await database.transaction(async (tx) => {
      for (const id of part) await postHolding(tx, id, set.id)
    })
    await yieldToEventLoop()
  }
  await database.transaction(async (tx) => {
    await markPosted(tx, set.id)
    await enqueue(tx, { ...countFindingsJob, priority: countingPriority }, clock.now())
  })
  return set.id
}
