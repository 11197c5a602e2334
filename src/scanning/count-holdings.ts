import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { readHoldingCounts, writeHoldingCounts, type HoldingCounts } from './holding-count-store.ts'
import {
  deleteUncounted,
  listHoldingsOf,
  listUncountedPackages,
  type StoredHolding,
  type UncountedPackage,
} from './holding-store.ts'
import { listMatches, type PackageFinding } from './list-matches.ts'
import type { EvaluationDeps } from './match-packages.ts'
import { OwnerReader } from './owner-reader.ts'
import { listPackages, type InternedPackage } from './package-store.ts'
import { readFlawFacts } from './read-flaw-facts.ts'
import { noFindings, packCounts, type FindingCounts } from './rules/finding-counts.ts'
import { rateFinding } from './rules/rate-finding.ts'

const batchPackages = 100
const countedAtOnce = 25
const nothing = packCounts(noFindings)
/** What a loss of power takes is counted again: that a package waits is taken back with it. */
const unhurried = { survives: 'process' } as const

/**
 * Counts the findings of holdings whose packages wait for it. Counting reads a snapshot, outside of the transaction that
 * writes; a package that was marked again meanwhile stays marked.
 */
export async function countHoldings(
  { database }: EvaluationDeps,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const waiting = await listUncountedPackages(database, batchPackages)
    if (waiting.length === 0) return
    const { revision } = await readAdvisoryState(database)
    const counted = await countPackages(database, waiting, revision)
    await database.transaction(async (tx) => {
      const done = await deleteUncounted(tx, waiting)
      const changed = counted.filter(({ packageId }) => done.has(packageId))
      await writeHoldingCounts(tx, changed)
    }, unhurried)
    await yieldToEventLoop()
  }
}

interface CountedHolding extends HoldingCounts {
  readonly packageId: number
}

/** Holdings whose counts are others now. */
async function countPackages(
  reader: SqlReader,
  waiting: readonly UncountedPackage[],
  revision: number,
): Promise<readonly CountedHolding[]> {
  const ids = waiting.map(({ packageId }) => packageId)
  const owners = new OwnerReader(reader, revision)
  const flaws = await listMatches(reader, ids, revision)
  const factsOf = await readFlawFacts(reader, flaws)
  const rated = flaws.map((flaw) => ({ ...flaw, ...rateFinding(flaw, factsOf(flaw).rating) }))
  const byPackage = Map.groupBy(rated, ({ packageId }) => packageId)
  const packages = new Map((await listPackages(reader, ids)).map((found) => [found.id, found]))
  const holdings = await listHoldingsOf(reader, ids)
  const before = await readHoldingCounts(
    reader,
    holdings.map(({ id }) => id),
  )
  const counted: CountedHolding[] = []
  for (const [done, holding] of holdings.entries()) {
    // What changes in between marks the package again.
    if (done % countedAtOnce === 0) await yieldToEventLoop()
    const { id, packageId } = holding
    const own = byPackage.get(packageId) ?? []
    const told = await toldFlaws(owners, holding, packages.get(packageId), own)
    const counts = packCounts(countFlaws(told))
    if (Buffer.compare(counts, before.get(id) ?? nothing) !== 0)
      counted.push({ id, packageId, counts })
  }
  return counted
}

/** The flaws that nothing but the words of people holds back. */
async function toldFlaws(
  owners: OwnerReader,
  holding: StoredHolding,
  found: InternedPackage | undefined,
  flaws: readonly PackageFinding[],
): Promise<readonly PackageFinding[]> {
  if (found === undefined) return []
  const ownerIds = new Set(holding.owners.length === 0 ? [undefined] : holding.owners)
  const told: PackageFinding[] = []
  for (const flaw of flaws) {
    if ((await owners.suppress(found.package, flaw, ownerIds)) === undefined) told.push(flaw)
  }
  return told
}

function countFlaws(flaws: readonly PackageFinding[]): FindingCounts {
  const counts = { ...noFindings }
  for (const { severity, fixedVersion, evidence } of flaws) {
    counts[severity] += 1
    // What only subscribers get mends nothing for the others.
    if (fixedVersion !== undefined && evidence.fix?.state !== 'needsSubscription')
      counts.fixable += 1
  }
  return counts
}
