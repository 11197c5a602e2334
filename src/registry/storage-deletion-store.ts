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

/** A page in order of keys, after `after`. */
export async function listDueDeletions(
  reader: SqlReader,
  now: Date,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly StorageKey[]> {
  const rows = await reader.all(
    `SELECT storage_key FROM storage_deletions WHERE storage_key > $1 AND delete_after <= $2
     ORDER BY storage_key LIMIT $3`,
    [page.after, now.getTime(), page.limit],
  )
  return rows.flatMap((row) => parseStorageKey(text(row, 'storage_key')) ?? [])
}

export async function forgetDeletion(tx: SqlWriter, key: StorageKey): Promise<void> {
  await tx.run('DELETE FROM storage_deletions WHERE storage_key = $1', [key])
}
