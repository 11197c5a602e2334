import { parseDigest, type Digest } from '../oci/digest.ts'
import { parseStorageKey, type StorageKey } from '../storage/blobs/blob-store.ts'
import {
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** What belongs to the directory that a copy was taken from, and to the moment: it goes out of the copy. */
export async function pruneCopy(tx: SqlWriter): Promise<void> {
  await tx.run('DELETE FROM uploads')
  await tx.run('DELETE FROM storage_deletions')
  await tx.run('DELETE FROM deletion_pauses')
  await tx.run('DELETE FROM orphan_sightings')
  await tx.run(
    `DELETE FROM blobs WHERE state = 'deleting' AND NOT EXISTS (SELECT 1 FROM blob_links l WHERE l.blob_id = blobs.id)`,
  )
}

export async function readSchemaVersion(reader: SqlReader): Promise<number> {
  const row = await reader.first('SELECT version FROM schema_version')
  if (row === undefined) throw new Error('the database has no schema version')
  return integer(row, 'version')
}

export interface BackupBlob {
  readonly id: number
  readonly digest: Digest
  readonly size: number
  readonly storageKey: StorageKey
}

/** Live blobs in order of rows. */
export async function walkLiveBlobs(
  reader: SqlReader,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly BackupBlob[]> {
  const rows = await reader.all(
    `SELECT id, digest, size, storage_key FROM blobs WHERE id > $1 AND state = 'live' ORDER BY id LIMIT $2`,
    [page.after, page.limit],
  )
  return rows.map(backupBlobOf)
}

export async function findLiveBlobByKey(
  reader: SqlReader,
  key: StorageKey,
): Promise<BackupBlob | undefined> {
  const row = await reader.first(
    `SELECT id, digest, size, storage_key FROM blobs WHERE storage_key = $1 AND state = 'live'`,
    [key],
  )
  return row === undefined ? undefined : backupBlobOf(row)
}

export async function countLiveBlobs(
  reader: SqlReader,
): Promise<{ readonly blobs: number; readonly bytes: number }> {
  const row = await reader.first(
    `SELECT COUNT(*) AS blobs, COALESCE(SUM(size), 0) AS bytes FROM blobs WHERE state = 'live'`,
  )
  return { blobs: integer(row ?? {}, 'blobs'), bytes: integer(row ?? {}, 'bytes') }
}

function backupBlobOf(row: SqlRow): BackupBlob {
  const digest = parseDigest(text(row, 'digest'))
  const storageKey = parseStorageKey(text(row, 'storage_key'))
  if (digest === undefined || storageKey === undefined) {
    throw new Error(`blobs row ${integer(row, 'id')} cannot be read`)
  }
  return { id: integer(row, 'id'), digest, size: integer(row, 'size'), storageKey }
}
