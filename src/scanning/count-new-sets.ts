import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { readAppliedCounts } from './holding-count-store.ts'
import { listUncountedSets } from './package-set-store.ts'
import { countNames } from './rules/finding-counts.ts'
import { unpackIds } from './rules/id-list.ts'
import { writeFirstCounts } from './set-count-store.ts'

const setsAtOnce = 20
/** Holdings of the base images that everybody uses; what is not kept is read again. */
const maxKept = 200_000
const membersAtOnce = 2000
/** Most holdings have no finding, and are kept as this one value. */
const none: readonly number[] = []

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
  for (let start = 0; start < members.length; start += membersAtOnce) {
    const part = members.slice(start, start + membersAtOnce)
    const asked = part.filter((id) => !kept.has(id))
    const applied = await readAppliedCounts(reader, asked)
    for (const id of part) {
      const numbers = kept.get(id) ?? applied.get(id) ?? none
      if (kept.size < maxKept) kept.set(id, numbers)
      for (const [at, number] of numbers.entries()) sum[at] = (sum[at] ?? 0) + number
    }
    if (start > 0) await yieldToEventLoop()
  }
  return sum
}
