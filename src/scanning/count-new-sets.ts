import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { readAppliedCounts } from './holding-store.ts'
import { listUncountedSets, writeFirstCounts } from './package-set-store.ts'
import { countNames } from './rules/finding-counts.ts'
import { unpackIds } from './rules/id-list.ts'

const setsAtOnce = 20
/** Holdings of the base images that everybody uses; what is not kept is read again. */
const maxKept = 200_000

/**
 * Counts sets for the first time: the sum of what each holding was last said to have. Nobody may add changes to sets
 * meanwhile, which the one job that does both sees to.
 */
export async function countNewSets(
  database: Database,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const kept = new Map<number, readonly number[]>()
  for (;;) {
    const sets = await listUncountedSets(database, setsAtOnce)
    if (sets.length === 0) return
    const counted: { readonly id: number; readonly numbers: readonly number[] }[] = []
    for (const { id, members } of sets) {
      signal.throwIfAborted()
      counted.push({ id, numbers: await sumOf(database, unpackIds(members), kept) })
      await yieldToEventLoop()
    }
    await database.transaction(async (tx) => {
      for (const { id, numbers } of counted) await writeFirstCounts(tx, id, numbers)
    })
  }
}

async function sumOf(
  reader: SqlReader,
  members: readonly number[],
  kept: Map<number, readonly number[]>,
): Promise<readonly number[]> {
  const sum = countNames.map(() => 0)
  for (const [index, id] of members.entries()) {
    const numbers = kept.get(id) ?? (await readAppliedCounts(reader, id))
    if (kept.size < maxKept) kept.set(id, numbers)
    for (const [at, number] of numbers.entries()) sum[at] = (sum[at] ?? 0) + number
    if (index % 2000 === 1999) await yieldToEventLoop()
  }
  return sum
}
