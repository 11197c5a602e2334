// Releases that leave a feed as a whole: the end of their support is no end of their flaws.
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { countPresentAdvisories, listAbsentAdvisories } from './advisory-import-store.ts'
import { deleteAdvisorySource, writeAdvisorySource } from './advisory-source-store.ts'
import { endAdvisory, measureSource, recordChangedName } from './advisory-store.ts'
import { scanningError } from './errors.ts'
import { inImport, type ImportDeps, type ImportLease } from './import-lease.ts'
import { isSuspiciousLoss } from './rules/suspicious-loss.ts'
import type { EcosystemChanges } from './rules/vanished-ecosystems.ts'
import {
  copyClaim,
  listClaimsBefore,
  listSourceEcosystems,
  writeSourceEcosystem,
  type EcosystemClaim,
} from './source-ecosystem-store.ts'

const batchClaims = 100

/** The source that keeps what `source` said last of a release. */
export function frozenSourceOf(source: string, ecosystem: string): string {
  return `${source}#${ecosystem}`
}

/**
 * A release that comes back ends what was kept of it, so that it must bring about as much: else a feed that loses a release for
 * one refresh, and has a few of its records in the next, would lose the rest unnoticed. ADVISORIES_LOST.
 */
export async function refuseLossOfReturned(
  { database }: ImportDeps,
  {
    source,
    returned,
    recordsOf,
  }: {
    readonly source: string
    readonly returned: readonly string[]
    readonly recordsOf: (ecosystem: string) => number
  },
): Promise<void> {
  for (const ecosystem of returned) {
    const before = await countPresentAdvisories(database, frozenSourceOf(source, ecosystem))
    const absent = Math.max(0, before - recordsOf(ecosystem))
    if (!isSuspiciousLoss({ absent, before })) continue
    throw scanningError(
      'ADVISORIES_LOST',
      `${ecosystem} is back in ${source}, without ${absent} of the ${before} records that it had`,
      { source, absent, before },
    )
  }
}

/** Copies the last words about what vanished, and ends the copies of what returned, in the running import. */
export async function freezeReleases(
  deps: ImportDeps,
  lease: ImportLease,
  { source, changes }: { readonly source: string; readonly changes: EcosystemChanges },
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  for (const ecosystem of changes.vanished) await freeze(deps, lease, { source, ecosystem }, signal)
  for (const ecosystem of changes.returned) {
    const frozen = frozenSourceOf(source, ecosystem)
    await endSource(deps, lease, frozen, signal)
  }
}

async function freeze(
  deps: ImportDeps,
  lease: ImportLease,
  { source, ecosystem }: { readonly source: string; readonly ecosystem: string },
  signal: AbortSignal,
): Promise<void> {
  const { revision } = lease
  const to = { source: frozenSourceOf(source, ecosystem), revision }
  let after: EcosystemClaim | undefined = { name: '', row: 0 }
  while (after !== undefined) {
    signal.throwIfAborted()
    const page = { after, limit: batchClaims }
    const of = { source, ecosystem, revision }
    const claims: readonly EcosystemClaim[] = await listClaimsBefore(deps.database, of, page)
    await inImport(deps, lease, async (tx) => {
      for (const claim of claims) {
        await copyClaim(tx, { ...claim, ecosystem }, to)
        await recordChangedName(tx, revision, { ecosystem, name: claim.name })
      }
    })
    after = claims.at(-1)
    await yieldToEventLoop()
  }
}

/** Ends all records that a source has; how many. */
export async function endSource(
  deps: ImportDeps,
  lease: ImportLease,
  source: string,
  signal: AbortSignal,
): Promise<number> {
  let ended = 0
  for (let after: string | undefined = ''; after !== undefined;) {
    signal.throwIfAborted()
    const rows: Awaited<ReturnType<typeof listAbsentAdvisories>> = await listAbsentAdvisories(
      deps.database,
      source,
      { after, limit: batchClaims, isWhole: true },
    )
    await inImport(deps, lease, async (tx) => {
      for (const { row } of rows) await endAdvisory(tx, row, lease.revision)
    })
    ended += rows.length
    after = rows.at(-1)?.key
    await yieldToEventLoop()
  }
  return ended
}

/** What became of the releases, in the transaction that makes it visible. */
export async function publishReleases(
  tx: SqlWriter,
  published: {
    readonly source: string
    readonly present: ReadonlySet<string>
    readonly changes: EcosystemChanges
  },
  now: Date,
): Promise<void> {
  const { source, present, changes } = published
  const known = await listSourceEcosystems(tx, source)
  const live = new Set(
    known.filter(({ frozenAt }) => frozenAt === undefined).map(({ ecosystem }) => ecosystem),
  )
  for (const ecosystem of present) {
    if (!live.has(ecosystem))
      await writeSourceEcosystem(tx, { source, ecosystem, frozenAt: undefined })
  }
  for (const ecosystem of changes.vanished) {
    const name = frozenSourceOf(source, ecosystem)
    await writeSourceEcosystem(tx, { source, ecosystem, frozenAt: now })
    const measured = await measureSource(tx, name)
    await writeAdvisorySource(tx, { name, origin: 'feed', ...measured, validator: undefined }, now)
  }
  for (const ecosystem of changes.returned)
    await deleteAdvisorySource(tx, frozenSourceOf(source, ecosystem))
}
