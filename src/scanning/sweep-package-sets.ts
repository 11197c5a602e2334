import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database } from '../storage/database/database.ts'
import { unpostHolding } from './holding-store.ts'
import {
  deletePackageSet,
  letGoOfSet,
  listLeavingSets,
  listUnusedSets,
} from './package-set-store.ts'
import { unpackIds } from './rules/id-list.ts'

/** Runs by the schedule. */
export const sweepPackageSetsJob = 'sweep-package-sets'

const lookedAtOnce = 500
const leavingAtOnce = 20
const holdingsAtOnce = 100
/** What a loss of power takes of this is done at the next run. */
const unhurried = { survives: 'process' } as const

/**
 * Removes sets that no image has any more, in two steps each: it is let go of, so that nobody takes it up again, then its postings
 * and its row go. A killed run leaves sets that are leaving, which the next one goes on with.
 */
export async function sweepPackageSets(
  { database }: { readonly database: Database },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  let after: number | undefined = 0
  while (after !== undefined) {
    signal.throwIfAborted()
    const page: Awaited<ReturnType<typeof listUnusedSets>> = await listUnusedSets(database, {
      after,
      limit: lookedAtOnce,
    })
    for (const id of page.unused) await database.transaction((tx) => letGoOfSet(tx, id), unhurried)
    after = page.last
    await yieldToEventLoop()
  }
  for (;;) {
    const leaving = await listLeavingSets(database, leavingAtOnce)
    if (leaving.length === 0) return
    for (const set of leaving) await removeSet(database, set, signal)
  }
}

async function removeSet(
  database: Database,
  { id, members }: { readonly id: number; readonly members: Uint8Array },
  signal: AbortSignal,
): Promise<void> {
  const holdings = unpackIds(members)
  for (let start = 0; start < holdings.length; start += holdingsAtOnce) {
    signal.throwIfAborted()
    await database.transaction(async (tx) => {
      for (const holding of holdings.slice(start, start + holdingsAtOnce))
        await unpostHolding(tx, holding, id)
    }, unhurried)
    await yieldToEventLoop()
  }
  await database.transaction((tx) => deletePackageSet(tx, id), unhurried)
}
