import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { deleteCountChanges, listCountChanges, type CountChange } from './count-change-store.ts'
import { listPostings } from './holding-store.ts'
import { gatherCountChanges } from './holding-count-store.ts'
import { readCountState, writeCountState } from './package-set-store.ts'
import { addToBlock, blockOf, setsInBlock } from './rules/count-block.ts'
import { countNames } from './rules/finding-counts.ts'
import { chunkSize, eachPlace, idOf } from './rules/id-chunk.ts'
import { findLastCounted, listBlocks, writeBlocks, type CountBlock } from './set-count-store.ts'

/** How many changes are added to sets at a time; each costs some 100 bytes of memory. */
const mostChanges = 50_000
const gatheredAtOnce = 1000
/** Chunks looked at together: 2 million sets, 56 MiB of sums. */
const spanChunks = 256
/** As many as one statement asks for. */
const summedAtOnce = 50
/** 2048 sets, some 60 kilobytes. */
const blocksAtOnce = 32
const blockWidth = setsInBlock * countNames.length
/** What a loss of power takes of this is done again: state and counts are in one transaction. */
const unhurried = { survives: 'process' } as const

/**
 * Adds to the counts of sets what their holdings changed by. Two stages, each resumed where a killed run stood: changes are
 * gathered (and from then on new sets include them), then added to the sets that were counted before, each set once.
 * Only one may run at a time, which its job sees to.
 */
export async function spreadCounts(
  database: Database,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    if ((await readCountState(database)).stage === 'gathering') await gather(database, signal)
    const changes = await listCountChanges(database)
    if (changes.length > 0) await addChanges(database, changes, signal)
    await database.transaction(async (tx) => {
      await deleteCountChanges(tx)
      await writeCountState(tx, { stage: 'gathering', cursor: 0 })
    }, unhurried)
    if (changes.length < mostChanges) return
  }
}

async function gather(database: Database, signal: AbortSignal): Promise<void> {
  let gathered = (await listCountChanges(database)).length
  for (;;) {
    signal.throwIfAborted()
    const limit = Math.min(gatheredAtOnce, mostChanges - gathered)
    const isOver = await database.transaction(async (tx) => {
      const { cursor } = await readCountState(tx)
      const { count, last } = await gatherCountChanges(tx, { after: cursor, limit })
      gathered += count
      const isLast = count < limit || gathered >= mostChanges
      await writeCountState(
        tx,
        isLast ? { stage: 'adding', cursor: 0 } : { stage: 'gathering', cursor: last },
      )
      return isLast
    }, unhurried)
    if (isOver) return
    await yieldToEventLoop()
  }
}

async function addChanges(
  database: Database,
  changes: readonly CountChange[],
  signal: AbortSignal,
): Promise<void> {
  const lastId = await findLastCounted(database)
  for (let from = 0; from * chunkSize <= lastId; from += spanChunks) {
    const sums = await sumUp(database, changes, { from, to: from + spanChunks }, signal)
    const chunks = [...sums].toSorted(([a], [b]) => a - b)
    for (const [chunk, sum] of chunks) await addToSets(database, { chunk, sum }, signal)
  }
}

/**
 * By chunk: what each of its sets changes by, and 0 where nothing does. A set that comes or goes meanwhile has no counts that
 * could be changed.
 */
async function sumUp(
  database: Database,
  changes: readonly CountChange[],
  span: { readonly from: number; readonly to: number },
  signal: AbortSignal,
): Promise<ReadonlyMap<number, Int32Array>> {
  const sums = new Map<number, Int32Array>()
  for (let start = 0; start < changes.length; start += summedAtOnce) {
    signal.throwIfAborted()
    await yieldToEventLoop()
    const part = new Map(
      changes
        .slice(start, start + summedAtOnce)
        .map(({ holdingId, numbers }) => [holdingId, partsOf(numbers)]),
    )
    for (const { holdingId, chunk, sets } of await listPostings(database, [...part.keys()], span)) {
      const parts = part.get(holdingId) ?? []
      const sum = sums.get(chunk) ?? new Int32Array(chunkSize * countNames.length)
      sums.set(chunk, sum)
      eachPlace(sets, (place) => {
        for (const [at, number] of parts) {
          const index = place * countNames.length + at
          sum[index] = (sum[index] ?? 0) + number
        }
      })
    }
  }
  return sums
}

function partsOf(numbers: readonly number[]): readonly (readonly [number, number])[] {
  return [...numbers.entries()].filter(([, number]) => number !== 0)
}

async function addToSets(
  database: Database,
  { chunk, sum }: { readonly chunk: number; readonly sum: Int32Array },
  signal: AbortSignal,
): Promise<void> {
  const first = blockOf(idOf(chunk, 0)).block
  const end = first + chunkSize / setsInBlock
  for (let from = first; from < end; from += blocksAtOnce) {
    signal.throwIfAborted()
    const span = { from, to: Math.min(from + blocksAtOnce, end) }
    const sums = sum.subarray((from - first) * blockWidth, (span.to - first) * blockWidth)
    await database.transaction((tx) => addToSome(tx, span, sums), unhurried)
    await yieldToEventLoop()
  }
}

/** Each set once: those up to the cursor have it already. */
async function addToSome(
  tx: SqlWriter,
  { from, to }: { readonly from: number; readonly to: number },
  sums: Int32Array,
): Promise<void> {
  const { cursor } = await readCountState(tx)
  const last = to * setsInBlock - 1
  if (last <= cursor) return
  const changed: CountBlock[] = []
  for (const { block, counts } of await listBlocks(tx, { from, to })) {
    const start = (block - from) * blockWidth
    const own = sums.subarray(start, start + blockWidth)
    const left = Math.max(0, cursor + 1 - block * setsInBlock)
    const added = addToBlock(counts, own, left)
    if (added !== undefined) changed.push({ block, counts: added })
  }
  await writeBlocks(tx, changed)
  await writeCountState(tx, { stage: 'adding', cursor: last })
}
