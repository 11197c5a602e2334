import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Database } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { listNamedPackages } from './named-packages.ts'
import {
  deleteHoldings,
  deleteLeavingPackage,
  deleteSomeMatches,
  letGoOfPackage,
  listDueHoldings,
  listDuePackages,
  listLeavingPackages,
  listMistaken,
  markUnused,
  unmark,
  type DueBy,
  type MarkPlace,
  type Marked,
} from './unused-package-store.ts'

/** Runs by the schedule, after sets were swept. */
export const sweepPackagesJob = 'sweep-packages'

interface SweepDeps {
  readonly database: Database
  readonly clock: Clock
}

interface SweepOptions {
  readonly signal: AbortSignal
}

/** Longer by far than any scan: what a scan took up before the mark was set is in its image by then. */
const graceMs = 7 * 86_400_000
const lookedAtOnce = 500
const deletedAtOnce = 50
/** Some milliseconds: a kernel has thousands. */
const matchesAtOnce = 500
/** Ids that are held in memory while images are gone through; the rest waits for the next run. */
const maxCandidates = 100_000
/** What a loss of power takes of this is done at the next run. */
const unhurried = { survives: 'process' } as const

/**
 * Removes holdings that no set has and packages that no image names, a week after that was first seen, and packages with matches
 * after `historyDays` days. Which images name a package that no set holds (one that was passed over) is in what they list alone: so
 * they are gone through where something is due. Short transactions, each of which looks again; a killed run is gone on with.
 */
export async function sweepPackages(
  deps: SweepDeps,
  { historyDays }: { readonly historyDays: number },
  options: SweepOptions,
): Promise<void> {
  const now = deps.clock.now()
  const markedBy = new Date(now.getTime() - graceMs)
  const historyMs = Math.max(graceMs, historyDays * 86_400_000)
  const by = { markedBy, withHistoryBy: new Date(now.getTime() - historyMs) }
  await removeLeaving(deps, options)
  await renewMarks(deps, 'holdings', now, options)
  await removeHoldings(deps, markedBy, options)
  await renewMarks(deps, 'packages', now, options)
  await letGoOfPackages(deps, by, now, options)
  await removeLeaving(deps, options)
}

async function renewMarks(
  { database }: SweepDeps,
  what: Marked,
  now: Date,
  { signal }: SweepOptions,
): Promise<void> {
  for (let after: number | undefined = 0; after !== undefined;) {
    signal.throwIfAborted()
    const page = { after, limit: lookedAtOnce }
    const { last, unused, used } = await listMistaken(database, what, page)
    if (unused.length + used.length > 0)
      await database.transaction(async (tx) => {
        // A scan may have taken some up since: the mark that they get begins now, and lasts longer than any scan.
        await markUnused(tx, what, unused, now)
        await unmark(tx, what, used)
      }, unhurried)
    after = last
    await yieldToEventLoop()
  }
}

async function removeHoldings(
  { database }: SweepDeps,
  markedBy: Date,
  { signal }: SweepOptions,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const due = await listDueHoldings(database, markedBy, deletedAtOnce)
    if (due.length === 0) return
    await database.transaction((tx) => deleteHoldings(tx, due, markedBy), unhurried)
    await yieldToEventLoop()
  }
}

async function letGoOfPackages(
  { database }: SweepDeps,
  by: DueBy,
  now: Date,
  { signal }: SweepOptions,
): Promise<void> {
  const due = await gatherDue(database, by, signal)
  if (due.size === 0) return
  const named = await listNamedPackages(database, due, { signal })
  for (const part of inParts([...named]))
    await database.transaction((tx) => markUnused(tx, 'packages', part, now), unhurried)
  for (const part of inParts([...due].filter((id) => !named.has(id)))) {
    signal.throwIfAborted()
    const isDone = await database.transaction(async (tx) => {
      // While data is held against packages, nobody takes one away from whoever has just read it.
      const { revision, evaluatedRevision } = await readAdvisoryState(tx)
      if (evaluatedRevision < revision) return false
      for (const id of part) await letGoOfPackage(tx, id, by)
      return true
    }, unhurried)
    if (!isDone) return
    await yieldToEventLoop()
  }
}

async function gatherDue(
  database: Database,
  by: DueBy,
  signal: AbortSignal,
): Promise<ReadonlySet<number>> {
  const all = new Set<number>()
  let after: MarkPlace | undefined = { since: -1, id: 0 }
  while (after !== undefined && all.size < maxCandidates) {
    signal.throwIfAborted()
    const page: Awaited<ReturnType<typeof listDuePackages>> = await listDuePackages(database, by, {
      after,
      limit: lookedAtOnce,
    })
    for (const id of page.due) all.add(id)
    after = page.last
    await yieldToEventLoop()
  }
  return all
}

async function removeLeaving({ database }: SweepDeps, { signal }: SweepOptions): Promise<void> {
  for (;;) {
    const leaving = await listLeavingPackages(database, deletedAtOnce)
    if (leaving.length === 0) return
    for (const id of leaving) {
      for (let left = matchesAtOnce; left === matchesAtOnce;) {
        signal.throwIfAborted()
        left = await database.transaction(
          (tx) => deleteSomeMatches(tx, id, matchesAtOnce),
          unhurried,
        )
        await yieldToEventLoop()
      }
      await database.transaction((tx) => deleteLeavingPackage(tx, id), unhurried)
    }
  }
}

function* inParts(ids: readonly number[]): Generator<readonly number[]> {
  for (let start = 0; start < ids.length; start += deletedAtOnce)
    yield ids.slice(start, start + deletedAtOnce)
}
