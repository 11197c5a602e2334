import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import {
  deleteUncounted,
  listHoldingsOf,
  listUncountedPackages,
  writeHoldingCounts,
  type StoredHolding,
  type UncountedPackage,
} from './holding-store.ts'
import { listMatches, type PackageFinding } from './list-matches.ts'
import type { EvaluationDeps } from './match-packages.ts'
import { OwnerReader } from './owner-reader.ts'
import { findPackage, type InternedPackage } from './package-store.ts'
import { readFlawFacts } from './read-flaw-facts.ts'
import { noFindings, packCounts, type FindingCounts } from './rules/finding-counts.ts'
import { rateFinding } from './rules/rate-finding.ts'

const batchPackages = 100
const countedAtOnce = 10

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
      for (const { one, holdings } of counted) {
        if (!(await deleteUncounted(tx, one))) continue
        for (const { id, counts } of holdings) await writeHoldingCounts(tx, id, counts)
      }
    })
    await yieldToEventLoop()
  }
}

interface CountedPackage {
  readonly one: UncountedPackage
  /** Those whose counts are others now. */
  readonly holdings: readonly { readonly id: number; readonly counts: Uint8Array }[]
}

async function countPackages(
  reader: SqlReader,
  waiting: readonly UncountedPackage[],
  revision: number,
): Promise<readonly CountedPackage[]> {
  const owners = new OwnerReader(reader, revision)
  const flaws = await listMatches(
    reader,
    waiting.map(({ packageId }) => packageId),
    revision,
  )
  const factsOf = await readFlawFacts(reader, flaws)
  const rated = flaws.map((flaw) => ({ ...flaw, ...rateFinding(flaw, factsOf(flaw).rating) }))
  const byPackage = Map.groupBy(rated, ({ packageId }) => packageId)
  const counted: CountedPackage[] = []
  for (const [done, one] of waiting.entries()) {
    // What changes in between marks the package again.
    if (done % countedAtOnce === 0) await yieldToEventLoop()
    const found = await findPackage(reader, one.packageId)
    const changed: { readonly id: number; readonly counts: Uint8Array }[] = []
    for (const holding of await listHoldingsOf(reader, one.packageId)) {
      const told = await toldFlaws(owners, holding, found, byPackage.get(one.packageId) ?? [])
      const counts = packCounts(countFlaws(told))
      if (Buffer.compare(counts, holding.counts) !== 0) changed.push({ id: holding.id, counts })
    }
    counted.push({ one, holdings: changed })
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
