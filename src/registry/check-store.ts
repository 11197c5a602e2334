// What a storage check reads. Pages are bounded by the rows that they walk; a row that cannot be read as what it should be
// comes as text, since damage is what is looked for.
import { parseStorageKey, type StorageKey } from '../storage/blobs/blob-store.ts'
import {
  bytes,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { ManifestRows } from './rules/manifest-rows.ts'

export interface BlobRecord {
  readonly id: number
  readonly digest: string
  readonly size: number
  readonly storageKey: StorageKey
  readonly state: string
}

/** Live and missing blobs in order of rows. */
export async function walkBlobs(
  reader: SqlReader,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly BlobRecord[]> {
  const rows = await reader.all(
    `SELECT id, digest, size, storage_key, state FROM blobs
     WHERE id > $1 AND state IN ('live', 'missing') ORDER BY id LIMIT $2`,
    [page.after, page.limit],
  )
  return rows.map(blobRecordOf)
}

export async function findBlobRecord(
  reader: SqlReader,
  id: number,
): Promise<BlobRecord | undefined> {
  const row = await reader.first(
    'SELECT id, digest, size, storage_key, state FROM blobs WHERE id = $1',
    [id],
  )
  return row === undefined ? undefined : blobRecordOf(row)
}

function blobRecordOf(row: SqlRow): BlobRecord {
  const storageKey = parseStorageKey(text(row, 'storage_key'))
  if (storageKey === undefined) throw new Error(`blobs row ${integer(row, 'id')} cannot be read`)
  const [digest, state] = [text(row, 'digest'), text(row, 'state')]
  return { id: integer(row, 'id'), digest, size: integer(row, 'size'), storageKey, state }
}

/** A few repositories that have the blob, for people. */
export async function listRepositoriesOfBlob(
  reader: SqlReader,
  blobId: number,
  limit: number,
): Promise<readonly string[]> {
  const rows = await reader.all(
    `SELECT r.name FROM blob_links l JOIN repositories r ON r.id = l.repository_id
     WHERE l.blob_id = $1 ORDER BY r.name LIMIT $2`,
    [blobId, limit],
  )
  return rows.map((row) => text(row, 'name'))
}

export interface ManifestKey {
  readonly repositoryId: number
  readonly repository: string
  readonly digest: string
}

export async function walkManifestKeys(
  reader: SqlReader,
  page: {
    readonly after: Pick<ManifestKey, 'repositoryId' | 'digest'>
    readonly limit: number
  },
): Promise<readonly ManifestKey[]> {
  const rows = await reader.all(
    `SELECT m.repository_id, m.digest, r.name FROM manifests m LEFT JOIN repositories r ON r.id = m.repository_id
     WHERE (m.repository_id, m.digest) > ($1, $2) ORDER BY m.repository_id, m.digest LIMIT $3`,
    [page.after.repositoryId, page.after.digest, page.limit],
  )
  return rows.map((row) => ({
    repositoryId: integer(row, 'repository_id'),
    repository: textOrAbsent(row, 'name') ?? `repository ${integer(row, 'repository_id')}`,
    digest: text(row, 'digest'),
  }))
}

export interface ManifestRecord {
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly rows: ManifestRows
}

export async function findManifestRecord(
  reader: SqlReader,
  { repositoryId, digest }: ManifestKey,
): Promise<ManifestRecord | undefined> {
  const key = [repositoryId, digest]
  const row = await reader.first(
    `SELECT media_type, artifact_type, subject_digest, image_size, annotations, size, bytes
     FROM manifests WHERE repository_id = $1 AND digest = $2`,
    key,
  )
  if (row === undefined) return undefined
  const blobs = await reader.all(
    `SELECT role, blob_digest, media_type, size FROM manifest_blobs
     WHERE repository_id = $1 AND manifest_digest = $2 ORDER BY position`,
    key,
  )
  const children = await reader.all(
    `SELECT child_digest FROM manifest_children WHERE repository_id = $1 AND manifest_digest = $2 ORDER BY position`,
    key,
  )
  return {
    mediaType: text(row, 'media_type'),
    bytes: bytes(row, 'bytes'),
    rows: {
      artifactType: textOrAbsent(row, 'artifact_type'),
      subject: textOrAbsent(row, 'subject_digest'),
      imageSize: integer(row, 'image_size'),
      annotations: textOrAbsent(row, 'annotations'),
      size: integer(row, 'size'),
      blobs: blobs.map((blob) => ({
        role: text(blob, 'role'),
        digest: text(blob, 'blob_digest'),
        mediaType: text(blob, 'media_type'),
        size: integer(blob, 'size'),
      })),
      children: children.map((child) => text(child, 'child_digest')),
    },
  }
}

export interface TagRecord {
  readonly repositoryId: number
  readonly repository: string
  readonly name: string
  readonly digest: string
  readonly hasManifest: boolean
}

export async function walkTags(
  reader: SqlReader,
  page: { readonly after: Pick<TagRecord, 'repositoryId' | 'name'>; readonly limit: number },
): Promise<readonly TagRecord[]> {
  const rows = await reader.all(
    `SELECT t.repository_id, t.name, t.digest, r.name AS repository, EXISTS (
       SELECT 1 FROM manifests m WHERE m.repository_id = t.repository_id AND m.digest = t.digest) AS has_manifest
     FROM tags t LEFT JOIN repositories r ON r.id = t.repository_id
     WHERE (t.repository_id, t.name) > ($1, $2) ORDER BY t.repository_id, t.name LIMIT $3`,
    [page.after.repositoryId, page.after.name, page.limit],
  )
  return rows.map((row) => ({
    repositoryId: integer(row, 'repository_id'),
    repository: textOrAbsent(row, 'repository') ?? `repository ${integer(row, 'repository_id')}`,
    name: text(row, 'name'),
    digest: text(row, 'digest'),
    hasManifest: integer(row, 'has_manifest') === 1,
  }))
}

export interface LinkRecord {
  readonly repositoryId: number
  readonly repository: string
  readonly blobId: number
  /** Of the blob; undefined when there is none. */
  readonly state: string | undefined
}

export async function walkLinks(
  reader: SqlReader,
  page: { readonly after: Pick<LinkRecord, 'repositoryId' | 'blobId'>; readonly limit: number },
): Promise<readonly LinkRecord[]> {
  const rows = await reader.all(
    `SELECT l.repository_id, l.blob_id, b.state, r.name FROM blob_links l
     LEFT JOIN blobs b ON b.id = l.blob_id LEFT JOIN repositories r ON r.id = l.repository_id
     WHERE (l.repository_id, l.blob_id) > ($1, $2) ORDER BY l.repository_id, l.blob_id LIMIT $3`,
    [page.after.repositoryId, page.after.blobId, page.limit],
  )
  return rows.map((row) => ({
    repositoryId: integer(row, 'repository_id'),
    repository: textOrAbsent(row, 'name') ?? `repository ${integer(row, 'repository_id')}`,
    blobId: integer(row, 'blob_id'),
    state: textOrAbsent(row, 'state'),
  }))
}

/** Whatever the blob is, or if there is none; usage is the caller's to count anew. */
export async function deleteDanglingLink(
  tx: SqlWriter,
  { repositoryId, blobId }: LinkRecord,
): Promise<boolean> {
  const removed = await tx.run(
    `DELETE FROM blob_links WHERE repository_id = $1 AND blob_id = $2
       AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.id = $2 AND b.state IN ('live', 'missing'))`,
    [repositoryId, blobId],
  )
  return removed === 1
}

/** Keys in the queue of removals that a blob or an open upload needs. */
export async function listNeededDeletions(
  reader: SqlReader,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await reader.all(
    `SELECT d.storage_key FROM storage_deletions d WHERE d.storage_key > $1 AND (
       EXISTS (SELECT 1 FROM blobs b WHERE b.storage_key = d.storage_key AND b.state IN ('live', 'missing'))
       OR EXISTS (SELECT 1 FROM uploads u WHERE u.storage_key = d.storage_key AND u.state = 'open'))
     ORDER BY d.storage_key LIMIT $2`,
    [page.after, page.limit],
  )
  return rows.map((row) => text(row, 'storage_key'))
}

/** Takes the key out of the queue if a row needs it still. */
export async function unqueueNeededDeletion(tx: SqlWriter, key: string): Promise<boolean> {
  const removed = await tx.run(
    `DELETE FROM storage_deletions WHERE storage_key = $1 AND (
       EXISTS (SELECT 1 FROM blobs b WHERE b.storage_key = $1 AND b.state IN ('live', 'missing'))
       OR EXISTS (SELECT 1 FROM uploads u WHERE u.storage_key = $1 AND u.state = 'open'))`,
    [key],
  )
  return removed === 1
}

export interface UploadRecord {
  readonly id: string
  readonly size: number
  readonly storageKey: StorageKey
}

/** Open uploads in order of ids. */
export async function walkOpenUploads(
  reader: SqlReader,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly UploadRecord[]> {
  const rows = await reader.all(
    `SELECT id, size, storage_key FROM uploads WHERE id > $1 AND state = 'open' ORDER BY id LIMIT $2`,
    [page.after, page.limit],
  )
  return rows.flatMap(uploadRecordOf)
}

export async function findOpenUploadRecord(
  reader: SqlReader,
  id: string,
): Promise<UploadRecord | undefined> {
  const row = await reader.first(
    `SELECT id, size, storage_key FROM uploads WHERE id = $1 AND state = 'open'`,
    [id],
  )
  return row === undefined ? undefined : uploadRecordOf(row)[0]
}

function uploadRecordOf(row: SqlRow): readonly UploadRecord[] {
  const storageKey = parseStorageKey(text(row, 'storage_key'))
  if (storageKey === undefined) return []
  return [{ id: text(row, 'id'), size: integer(row, 'size'), storageKey }]
}

/** Whoever holds it finds that it has ended. */
export async function abortUpload(
  tx: SqlWriter,
  { id, storageKey }: UploadRecord,
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE uploads SET state = 'aborted', lease = NULL, lease_until = NULL
     WHERE id = $1 AND storage_key = $2 AND state = 'open'`,
    [id, storageKey],
  )
  return changed === 1
}

/** Rows of manifests that are not there. */
export async function deleteDanglingReferences(tx: SqlWriter): Promise<void> {
  await tx.run(
    `DELETE FROM manifest_blobs WHERE NOT EXISTS (SELECT 1 FROM manifests m
       WHERE m.repository_id = manifest_blobs.repository_id AND m.digest = manifest_blobs.manifest_digest)`,
  )
  await tx.run(
    `DELETE FROM manifest_children WHERE NOT EXISTS (SELECT 1 FROM manifests m
       WHERE m.repository_id = manifest_children.repository_id AND m.digest = manifest_children.manifest_digest)`,
  )
}

export async function countRows(
  reader: SqlReader,
): Promise<{ readonly blobs: number; readonly manifests: number }> {
  const row = await reader.first(
    `SELECT (SELECT COUNT(*) FROM blobs) AS blobs, (SELECT COUNT(*) FROM manifests) AS manifests`,
  )
  return { blobs: integer(row ?? {}, 'blobs'), manifests: integer(row ?? {}, 'manifests') }
}
