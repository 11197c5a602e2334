import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { BlobStore, StorageKey } from '../storage/blobs/blob-store.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import {
  deleteOrphanSighting,
  findOrphanSighting,
  forgetOrphanSightings,
  insertOrphanSighting,
  isKeyNamed,
  writeNextShard,
} from './orphan-store.ts'
import { isOldEnough, judgeOrphan, shardCount, shardName } from './rules/orphan.ts'
import { queueStorageDeletion } from './storage-deletion-store.ts'

/** Of one part of the store in one sweep; the rest waits for the next. */
const maxOrphans = 1000
/** Longer than several sweeps take. */
const sightingsKeptMs = 60 * 24 * 3_600_000

export interface Unnamed {
  readonly key: StorageKey
  readonly writtenAt: Date
}

/** Bytes of one part of the store that are old and that no row names; nothing is changed. */
export async function listUnnamedBytes(
  deps: { readonly database: Database; readonly blobs: BlobStore; readonly clock: Clock },
  shard: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Unnamed[]> {
  const now = deps.clock.now()
  const found: Unnamed[] = []
  let looked = 0
  for await (const { key, writtenAt } of deps.blobs.list(shardName(shard))) {
    looked += 1
    if (looked % 256 === 0) await yieldToEventLoop()
    signal.throwIfAborted()
    if (!isOldEnough(writtenAt, now) || (await isKeyNamed(deps.database, key))) continue
    found.push({ key, writtenAt })
    if (found.length === maxOrphans) break
  }
  return found
}

/**
 * In its transaction, which looks at the rows again: bytes that are without one for the first time are marked, those that were
 * marked before are queued for removal. The next sweep begins behind this part.
 */
export async function markOrphans(
  tx: SqlWriter,
  shard: number,
  unnamed: readonly Unnamed[],
  now: Date,
): Promise<{ readonly marked: number; readonly queued: number }> {
  let [marked, queued] = [0, 0]
  for (const { key, writtenAt } of unnamed) {
    if (await isKeyNamed(tx, key)) continue
    const seenAt = await findOrphanSighting(tx, key)
    const verdict = judgeOrphan({ writtenAt, seenAt }, now)
    if (verdict === 'mark') {
      await insertOrphanSighting(tx, key, now)
      marked += 1
    } else if (verdict === 'remove') {
      await queueStorageDeletion(tx, key, now)
      await deleteOrphanSighting(tx, key)
      queued += 1
    }
  }
  await forgetOrphanSightings(tx, new Date(now.getTime() - sightingsKeptMs))
  await writeNextShard(tx, (shard + 1) % shardCount)
  return { marked, queued }
}
