import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { walkUnreferencedLinks, walkUntaggedManifests } from './unreferenced-store.ts'

const walkSize = 1000

/** What a collection that began now would let go of; nothing is changed. */
export interface CollectionPlan {
  readonly manifests: number
  /** Blobs to be taken out of a repository. */
  readonly links: number
  /** Blobs that no repository would have any more, and their bytes; without those that only `manifests` need. */
  readonly blobs: number
  readonly bytes: number
}

/** Yields as it counts; the last value is the whole. */
export async function* planCollection(
  deps: { readonly reader: SqlReader; readonly clock: Clock; readonly graceMs: number },
  input: { readonly untaggedOlderThanMs?: number | undefined },
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<CollectionPlan> {
  const now = deps.clock.now().getTime()
  const { untaggedOlderThanMs } = input
  let plan: CollectionPlan = { manifests: 0, links: 0, blobs: 0, bytes: 0 }
  if (untaggedOlderThanMs !== undefined) {
    const pushedBefore = new Date(now - untaggedOlderThanMs)
    const manifests = await countUntagged(deps.reader, pushedBefore, signal)
    plan = { ...plan, manifests }
    yield plan
  }
  const linkedBefore = new Date(now - deps.graceMs)
  for (let after: { repositoryId: number; blobId: number } | undefined = first; after;) {
    signal.throwIfAborted()
    const page = { after, linkedBefore, limit: walkSize }
    const { found, next } = await walkUnreferencedLinks(deps.reader, page)
    const last = found.filter(({ isLast }) => isLast)
    plan = {
      ...plan,
      links: plan.links + found.length,
      blobs: plan.blobs + last.length,
      bytes: plan.bytes + last.reduce((sum, { size }) => sum + size, 0),
    }
    yield plan
    after = next
    await yieldToEventLoop()
  }
}

const first = { repositoryId: 0, blobId: 0 }

async function countUntagged(
  reader: SqlReader,
  pushedBefore: Date,
  signal: AbortSignal,
): Promise<number> {
  let count = 0
  for (let after: { repositoryId: number; digest: string } | undefined = firstManifest; after;) {
    signal.throwIfAborted()
    const page = { after, pushedBefore, limit: walkSize }
    const { found, next } = await walkUntaggedManifests(reader, page)
    count += found.length
    after = next
    await yieldToEventLoop()
  }
  return count
}

const firstManifest = { repositoryId: 0, digest: '' }
