import type { Clock } from '../lib/clock.ts'
import { enqueue, type NewJob } from '../jobs/queue.ts'
import type { Database } from '../storage/database/database.ts'
import { extractorRevision } from './examine-image.ts'
import { listOutdatedImages, type EnginePlace } from './renewal-store.ts'
import { requestRenewal, scanPriorities } from './request-scan.ts'

export const renewScansJob = 'renew-scans'

/** Scans that wait at a time: the next are asked for when these are done. */
const imagesAtOnce = 100
/** Behind the scans that it asks for. */
export const walkPriority = scanPriorities.backlog + 1

/** Asked for at each start: where the scanner is the same as before, there is nothing to do. */
export function renewalFrom(after: EnginePlace | undefined): NewJob {
  return { kind: renewScansJob, key: 'all', input: { after }, priority: walkPriority }
}

/**
 * The job: has images read again that another version of the scanner read, some at a time, and asks for itself until
 * there are no more. Its place is written with what it asks for, so that a killed run goes on where it stood. An image
 * that cannot be read again keeps its result, and is tried at the next start.
 */
export async function renewScans(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  input: unknown,
): Promise<void> {
  const after = placeIn(input)
  await database.transaction(async (tx) => {
    const page = { engine: extractorRevision, after, limit: imagesAtOnce }
    const images = await listOutdatedImages(tx, page)
    const last = images.at(-1)
    if (last === undefined) return
    const now = clock.now()
    for (const image of images)
      if (!image.isLeft) await requestRenewal(tx, image, image.account, now)
    const { engine, repositoryId, digest } = last
    await enqueue(tx, renewalFrom({ engine, repositoryId, digest }), now)
  })
}

function placeIn(input: unknown): EnginePlace {
  const start = { engine: '', repositoryId: 0, digest: '' }
  if (typeof input !== 'object' || input === null || !('after' in input)) return start
  const { after } = input
  if (typeof after !== 'object' || after === null) return start
  return { ...start, ...after }
}
