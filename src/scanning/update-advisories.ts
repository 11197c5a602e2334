import type { Feed } from '../storage/feeds/feed.ts'
import { readZipRecords } from '../storage/feeds/zip.ts'
import {
  confirmAdvisorySource,
  findAdvisorySource,
  writeAdvisoryFailure,
} from './advisory-source-store.ts'
import { advisoryLimits, importAdvisories, type AdvisoryImportResult } from './import-advisories.ts'
import type { ImportDeps } from './import-lease.ts'

/** Of the archive's ecosystems those that most images have packages of, and whose files are of moderate size. */
export const defaultFeedEcosystems: readonly string[] = [
  'Debian',
  'Alpine',
  'Wolfi',
  'Chainguard',
  'AlmaLinux',
  'Rocky Linux',
  'npm',
  'PyPI',
  'Maven',
  'Go',
  'crates.io',
  'NuGet',
  'RubyGems',
  'Packagist',
  'Bitnami',
]

export type FeedUpdate =
  | { readonly kind: 'imported'; readonly ecosystem: string; readonly result: AdvisoryImportResult }
  | { readonly kind: 'unchanged'; readonly ecosystem: string }
  | { readonly kind: 'failed'; readonly ecosystem: string; readonly reason: string }

export interface UpdateDeps extends ImportDeps {
  readonly feed: Feed
}

/** All of OSV has some 500,000 records. */
const maxEntries = 5_000_000

/**
 * Fetches the newest state of each ecosystem and imports it. A feed that fails leaves the last good state in force,
 * says why, and does not keep the others from being updated.
 */
export async function updateAdvisories(
  deps: UpdateDeps,
  { ecosystems }: { readonly ecosystems: readonly string[] },
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly FeedUpdate[]> {
  const updates: FeedUpdate[] = []
  for (const ecosystem of ecosystems) {
    signal.throwIfAborted()
    updates.push(await updateEcosystem(deps, ecosystem, signal))
  }
  return updates
}

async function updateEcosystem(
  deps: UpdateDeps,
  ecosystem: string,
  signal: AbortSignal,
): Promise<FeedUpdate> {
  const source = `osv/${ecosystem}`
  try {
    return await fetchAndImport(deps, { ecosystem, source }, signal)
  } catch (error) {
    // The server stops: that is no failure of the feed.
    signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : 'unknown error'
    await deps.database.transaction((tx) =>
      writeAdvisoryFailure(tx, { name: source, origin: 'feed', failure: reason }, deps.clock.now()),
    )
    return { kind: 'failed', ecosystem, reason }
  }
}

async function fetchAndImport(
  deps: UpdateDeps,
  { ecosystem, source }: { readonly ecosystem: string; readonly source: string },
  signal: AbortSignal,
): Promise<FeedUpdate> {
  const known = await findAdvisorySource(deps.database, source)
  const answer = await deps.feed.fetch(`${ecosystem}/all.zip`, known?.validator, { signal })
  if (answer.kind === 'unchanged') {
    await deps.database.transaction((tx) => confirmAdvisorySource(tx, source, deps.clock.now()))
    return { kind: 'unchanged', ecosystem }
  }
  try {
    const records = readZipRecords(answer.path, { ...advisoryLimits, maxEntries })
    const validator = answer.validator === undefined ? {} : { validator: answer.validator }
    const input = { source, origin: 'feed', records, snapshot: true, ...validator } as const
    return { kind: 'imported', ecosystem, result: await importAdvisories(deps, input, { signal }) }
  } finally {
    await answer.release()
  }
}
