import type { StorageKey } from '../storage/blobs/blob-store.ts'
import { instant, integer, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** Whether any row speaks of the key: a blob in any state, an upload, a report, or the queue of what is to be removed. */
export async function isKeyNamed(reader: SqlReader, key: StorageKey): Promise<boolean> {
  const row = await reader.first(
    `SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM blobs WHERE storage_key = $1)
       OR EXISTS (SELECT 1 FROM uploads WHERE storage_key = $1)
       OR EXISTS (SELECT 1 FROM finding_exports WHERE storage_key = $1)
       OR EXISTS (SELECT 1 FROM storage_deletions WHERE storage_key = $1)`,
    [key],
  )
  return row !== undefined
}

/** When a sweep first found the bytes without a row. */
export async function findOrphanSighting(
  reader: SqlReader,
  key: StorageKey,
): Promise<Date | undefined> {
  const row = await reader.first('SELECT seen_at FROM orphan_sightings WHERE storage_key = $1', [
    key,
  ])
  return row === undefined ? undefined : instant(row, 'seen_at')
}

export async function insertOrphanSighting(
  tx: SqlWriter,
  key: StorageKey,
  now: Date,
): Promise<void> {
  await tx.run(
    'INSERT INTO orphan_sightings (storage_key, seen_at) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [key, now.getTime()],
  )
}

export async function deleteOrphanSighting(tx: SqlWriter, key: StorageKey): Promise<void> {
  await tx.run('DELETE FROM orphan_sightings WHERE storage_key = $1', [key])
}

/** Of bytes that went by another way. */
export async function forgetOrphanSightings(tx: SqlWriter, seenBefore: Date): Promise<void> {
  await tx.run('DELETE FROM orphan_sightings WHERE seen_at < $1', [seenBefore.getTime()])
}

export async function readNextShard(reader: SqlReader): Promise<number> {
  const row = await reader.first('SELECT next_shard FROM orphan_sweep')
  if (row === undefined) throw new Error('orphan_sweep has no row')
  return integer(row, 'next_shard')
}

export async function writeNextShard(tx: SqlWriter, shard: number): Promise<void> {
  await tx.run('UPDATE orphan_sweep SET next_shard = $1', [shard])
}
