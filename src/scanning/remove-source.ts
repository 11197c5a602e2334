import { enqueue } from '../jobs/queue.ts'
import { publishRevision } from './advisory-state-store.ts'
import { deleteAdvisorySource, findAdvisorySource, starterSource } from './advisory-source-store.ts'
import { isScanningError, scanningError } from './errors.ts'
import { findFeedPart, forgetPart } from './feed-part-store.ts'
import { endSource } from './freeze-releases.ts'
import { reevaluationPriority } from './import-advisories.ts'
import {
  abandonImport,
  endImport,
  inImport,
  takeImportLease,
  type ImportDeps,
  type ImportLease,
} from './import-lease.ts'
import { reevaluateJob } from './reevaluate-packages.ts'
import { isChosen, type FeedSources } from './refresh-feeds.ts'
import { forgetEcosystems } from './source-ecosystem-store.ts'

export interface SourceRemoval {
  readonly source: string
  /** Records that were in force. */
  readonly removed: number
  readonly revision: number
}

/**
 * Ends everything that a source says: from the next revision on it is not in force, and what was known at an earlier one stays.
 * Where the feed is chosen again, its whole state is fetched. ADVISORY_SOURCE_UNKNOWN, ADVISORY_SOURCE_CHOSEN,
 * ADVISORY_SOURCE_RESERVED; ADVISORIES_BUSY.
 */
export async function removeSource(
  deps: ImportDeps & Pick<FeedSources, 'chosen'>,
  { source }: { readonly source: string },
  { signal }: { readonly signal: AbortSignal },
): Promise<SourceRemoval> {
  await requireRemovable(deps, source)
  const lease = await takeImportLease(deps, { takeOver: false })
  try {
    const removed = await endSource(deps, lease, source, signal)
    await publish(deps, lease, { source, removed })
    return { source, removed, revision: lease.revision }
  } catch (error) {
    // Not where somebody else took over: the pending revision is theirs.
    if (!isScanningError(error) || error.code !== 'ADVISORIES_INTERRUPTED')
      await abandonImport(deps, lease)
    throw error
  }
}

async function requireRemovable(
  { database, chosen }: ImportDeps & Pick<FeedSources, 'chosen'>,
  source: string,
): Promise<void> {
  if (source === starterSource) {
    const message = `the source "${starterSource}" ships with the product, and steps back for every other one`
    throw scanningError('ADVISORY_SOURCE_RESERVED', message)
  }
  const part = await findFeedPart(database, source)
  if (part !== undefined && isChosen({ chosen }, part.feed, part.part)) {
    const message = `the settings name the feed of ${source}: it would be fetched again`
    throw scanningError('ADVISORY_SOURCE_CHOSEN', message)
  }
  if ((await findAdvisorySource(database, source)) === undefined)
    throw scanningError('ADVISORY_SOURCE_UNKNOWN', `there is no source ${source}`)
}

async function publish(
  deps: ImportDeps,
  lease: ImportLease,
  { source, removed }: { readonly source: string; readonly removed: number },
): Promise<void> {
  const { revision } = lease
  const now = deps.clock.now()
  await inImport(
    deps,
    lease,
    async (tx) => {
      const origin = (await findAdvisorySource(tx, source))?.origin ?? 'import'
      await deleteAdvisorySource(tx, source)
      await forgetPart(tx, source)
      await forgetEcosystems(tx, source)
      await endImport(tx)
      await publishRevision(tx, { revision, source, origin, added: 0, changed: 0, removed }, now)
      const job = { kind: reevaluateJob, key: String(revision), input: { revision } }
      await enqueue(tx, { ...job, priority: reevaluationPriority }, now)
    },
    'power',
  )
}
