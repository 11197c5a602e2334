import { createHash } from 'node:crypto'
import { enqueue } from '../jobs/queue.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { countFindingsJob, countingPriority } from './counting-job.ts'
import { internHolding, postHolding } from './holding-store.ts'
import type { ScannedInstance } from './image-scan.ts'
import type { EvaluationDeps } from './match-packages.ts'
import { markPosted, putPackageSet } from './package-set-store.ts'
import { holdingsOf, type Holding } from './rules/holdings-of.ts'
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
  for (const part of inParts(holdings)) {
    signal.throwIfAborted()
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

/** Of some hundred rows each: a library may have thousands of owners. */
function* inParts(holdings: readonly Holding[]): Generator<readonly Holding[]> {
  let part: Holding[] = []
  let rows = 0
  for (const holding of holdings) {
    part.push(holding)
    rows += 1 + holding.owners.length / ownersOfHolding
    if (rows < batchHoldings) continue
    yield part
    part = []
    rows = 0
  }
  if (part.length > 0) yield part
}

/** Owners are written many at a time, and cost so much less than a holding. */
const ownersOfHolding = 10
