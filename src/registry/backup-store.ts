import { integer, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** What belongs to the directory that a copy was taken from, and to the moment: it goes out of the copy. */
export async function pruneCopy(tx: SqlWriter): Promise<void> {
  await tx.run('DELETE FROM uploads')
  // Their bytes are not in the copy.
  await tx.run('DELETE FROM finding_exports')
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

export async function countLiveBlobs(
  reader: SqlReader,
): Promise<{ readonly blobs: number; readonly bytes: number }> {
  const row = await reader.first(
    `SELECT COUNT(*) AS blobs, COALESCE(SUM(size), 0) AS bytes FROM blobs WHERE state = 'live'`,
  )
  return { blobs: integer(row ?? {}, 'blobs'), bytes: integer(row ?? {}, 'bytes') }
}
