import { parseStorageKey, type StorageKey } from '../storage/blobs/blob-store.ts'
import { text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** Bytes that no row names any more: queued in the transaction that let go of them, removed later. */
export async function queueStorageDeletion(
  tx: SqlWriter,
  key: StorageKey,
  deleteAfter: Date,
): Promise<void> {
  await tx.run(
    'INSERT INTO storage_deletions (storage_key, delete_after) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [key, deleteAfter.getTime()],
  )
}

export async function listDueDeletions(
  reader: SqlReader,
  now: Date,
  limit: number,
): Promise<readonly StorageKey[]> {
  const rows = await reader.all(
    'SELECT storage_key FROM storage_deletions WHERE delete_after <= $1 ORDER BY delete_after LIMIT $2',
    [now.getTime(), limit],
  )
  return rows.flatMap((row) => parseStorageKey(text(row, 'storage_key')) ?? [])
}

export async function forgetDeletion(tx: SqlWriter, key: StorageKey): Promise<void> {
  await tx.run('DELETE FROM storage_deletions WHERE storage_key = $1', [key])
}
