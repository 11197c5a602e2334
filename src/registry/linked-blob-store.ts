import { parseDigest, type Digest } from '../oci/digest.ts'
import { parseStorageKey, type StorageKey } from '../storage/blobs/blob-store.ts'
import {
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { addressIn, type RepositoryAddress } from './repository-store.ts'
import { countLink, uncountLink } from './usage-store.ts'

/** A live blob: its bytes are durable under the key. */
export interface Blob {
  readonly id: number
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  readonly storageKey: StorageKey
}

export interface LinkedBlob extends Blob {
  /** Since when nothing but its age may keep it in the repository. */
  readonly linkedAt: Date
}

/** The blob as this repository sees it: only through a link. */
export async function findLinkedBlob(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<LinkedBlob | undefined> {
  const row = await reader.first(
    `SELECT b.id, b.digest, b.size, b.storage_key, l.linked_at FROM blobs b
     JOIN blob_links l ON l.blob_id = b.id AND l.repository_id = $1
     WHERE b.digest = $2 AND b.state = 'live'`,
    [repositoryId, digest],
  )
  return row === undefined ? undefined : { ...blobOf(row), linkedAt: instant(row, 'linked_at') }
}

/** Whether the repository counts the blob as its own, be its bytes there or lost. */
export async function hasBlobLink(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<boolean> {
  const row = await reader.first(
    `SELECT l.blob_id FROM blobs b JOIN blob_links l ON l.blob_id = b.id AND l.repository_id = $1
     WHERE b.digest = $2 AND b.state IN ('live', 'missing')`,
    [repositoryId, digest],
  )
  return row !== undefined
}

/** The live blob of that digest anywhere; for commits only, never for an answer to a client. */
export async function findLiveBlob(reader: SqlReader, digest: Digest): Promise<Blob | undefined> {
  const row = await reader.first(
    `SELECT id, digest, size, storage_key FROM blobs WHERE digest = $1 AND state = 'live'`,
    [digest],
  )
  return row === undefined ? undefined : blobOf(row)
}

/** Live blobs in order of rows. */
export async function walkLiveBlobs(
  reader: SqlReader,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly Blob[]> {
  const rows = await reader.all(
    `SELECT id, digest, size, storage_key FROM blobs WHERE id > $1 AND state = 'live' ORDER BY id LIMIT $2`,
    [page.after, page.limit],
  )
  return rows.map(blobOf)
}

/** The live blob whose bytes lie under the key; for backups and commits, never for an answer to a client. */
export async function findLiveBlobByKey(
  reader: SqlReader,
  key: StorageKey,
): Promise<Blob | undefined> {
  const row = await reader.first(
    `SELECT id, digest, size, storage_key FROM blobs WHERE storage_key = $1 AND state = 'live'`,
    [key],
  )
  return row === undefined ? undefined : blobOf(row)
}

/** No more links of a blob are looked at, and no more repositories are named. */
const mostLinks = 256
const mostHolders = 16

/**
 * Some repositories of the account that hold the blob, other than `target`; in no order, and for a blob that very many hold
 * perhaps not all that could be named.
 */
export async function listBlobHolders(
  reader: SqlReader,
  target: RepositoryAddress,
  digest: Digest,
): Promise<readonly RepositoryAddress[]> {
  const rows = await reader.all(
    `SELECT r.account, r.name FROM (
       SELECT repository_id FROM blob_links
       WHERE blob_id = (SELECT id FROM blobs WHERE digest = $1 AND state = 'live') LIMIT ${mostLinks}) l
     JOIN repositories r ON r.id = l.repository_id
     WHERE r.account = $2 AND r.name <> $3 LIMIT ${mostHolders}`,
    [digest, target.account, target.name],
  )
  return rows.map(addressIn)
}

/** The row of a digest whose bytes are known to be lost or damaged; for commits and checks only. */
export async function findMissingBlob(
  reader: SqlReader,
  digest: Digest,
): Promise<Blob | undefined> {
  const row = await reader.first(
    `SELECT id, digest, size, storage_key FROM blobs WHERE digest = $1 AND state = 'missing'`,
    [digest],
  )
  return row === undefined ? undefined : blobOf(row)
}

/** live → missing, if the row still names these bytes: nobody is told of the blob until it is pushed again. Whether it did. */
export async function markBlobMissing(
  tx: SqlWriter,
  { id, storageKey }: Pick<Blob, 'id' | 'storageKey'>,
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE blobs SET state = 'missing' WHERE id = $1 AND storage_key = $2 AND state = 'live'`,
    [id, storageKey],
  )
  return changed === 1
}

/** missing → live, under the key of bytes that were verified; every repository that had the blob has it again. */
export async function reviveBlob(
  tx: SqlWriter,
  id: number,
  content: Pick<Blob, 'size' | 'storageKey'>,
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE blobs SET state = 'live', storage_key = $1, size = $2 WHERE id = $3 AND state = 'missing'`,
    [content.storageKey, content.size, id],
  )
  return changed === 1
}

/** Returns the row's id. */
export async function insertBlob(
  tx: SqlWriter,
  blob: Omit<Blob, 'id'>,
  now: Date,
): Promise<number> {
  const row = await tx.first(
    `INSERT INTO blobs (digest, size, storage_key, state, created_at) VALUES ($1, $2, $3, 'live', $4) RETURNING id`,
    [blob.digest, blob.size, blob.storageKey, now.getTime()],
  )
  if (row === undefined) throw new Error('an inserted blob has no id')
  return integer(row, 'id')
}

/** Points a live blob to another copy of its bytes: the copy it named is damaged or gone. */
export async function repointBlob(
  tx: SqlWriter,
  id: number,
  storageKey: StorageKey,
): Promise<void> {
  await tx.run('UPDATE blobs SET storage_key = $1 WHERE id = $2', [storageKey, id])
}

/** The link counts as new; false when it is gone. */
export async function renewLink(
  tx: SqlWriter,
  repositoryId: number,
  blobId: number,
  now: Date,
): Promise<boolean> {
  const changed = await tx.run(
    'UPDATE blob_links SET linked_at = $1 WHERE repository_id = $2 AND blob_id = $3',
    [now.getTime(), repositoryId, blobId],
  )
  return changed === 1
}

/** The blobs of a manifest that is about to go: they are kept for the whole grace from now on. */
export async function renewLinksOf(
  tx: SqlWriter,
  repositoryId: number,
  manifest: Digest,
  now: Date,
): Promise<void> {
  await tx.run(
    `UPDATE blob_links SET linked_at = $1 WHERE repository_id = $2 AND blob_id IN (
       SELECT b.id FROM manifest_blobs m JOIN blobs b ON b.digest = m.blob_digest AND b.state = 'live'
       WHERE m.repository_id = $2 AND m.manifest_digest = $3)`,
    [now.getTime(), repositoryId, manifest],
  )
}

/** Idempotent; a repeat renews the link's age. */
export async function linkBlob(
  tx: SqlWriter,
  repositoryId: number,
  blobId: number,
  now: Date,
): Promise<void> {
  const added = await tx.run(
    `INSERT INTO blob_links (repository_id, blob_id, linked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
    [repositoryId, blobId, now.getTime()],
  )
  if (added === 1) return countLink(tx, repositoryId, blobId)
  await tx.run('UPDATE blob_links SET linked_at = $3 WHERE repository_id = $1 AND blob_id = $2', [
    repositoryId,
    blobId,
    now.getTime(),
  ])
}

export async function unlinkBlob(
  tx: SqlWriter,
  repositoryId: number,
  blobId: number,
): Promise<void> {
  const removed = await tx.run('DELETE FROM blob_links WHERE repository_id = $1 AND blob_id = $2', [
    repositoryId,
    blobId,
  ])
  if (removed === 1) await uncountLink(tx, repositoryId, blobId)
}

/** live or missing → deleting if no repository links the blob any more; its bytes go after a grace. Whether it did. */
export async function retireBlobIfUnlinked(
  tx: SqlWriter,
  blobId: number,
  now: Date,
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE blobs SET state = 'deleting', deleting_at = $1
     WHERE id = $2 AND state IN ('live', 'missing') AND NOT EXISTS (SELECT 1 FROM blob_links l WHERE l.blob_id = blobs.id)`,
    [now.getTime(), blobId],
  )
  return changed === 1
}

/** The same for all blobs that a repository about to go links alone; called after its links are gone. */
export async function retireUnlinkedBlobs(
  tx: SqlWriter,
  blobIds: readonly number[],
  now: Date,
): Promise<void> {
  for (const id of blobIds) await retireBlobIfUnlinked(tx, id, now)
}

export async function listLinkedBlobIds(
  reader: SqlReader,
  repositoryId: number,
): Promise<readonly number[]> {
  const rows = await reader.all('SELECT blob_id FROM blob_links WHERE repository_id = $1', [
    repositoryId,
  ])
  return rows.map((row) => integer(row, 'blob_id'))
}

export async function isBlobReferenced(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<boolean> {
  const row = await reader.first(
    'SELECT manifest_digest FROM manifest_blobs WHERE repository_id = $1 AND blob_digest = $2 LIMIT 1',
    [repositoryId, digest],
  )
  return row !== undefined
}

/** Blobs in state deleting since before `before`, whose bytes may go now: a page in order of rows. */
export async function listRetiredBlobs(
  reader: SqlReader,
  before: Date,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly Blob[]> {
  const rows = await reader.all(
    `SELECT id, digest, size, storage_key FROM blobs
     WHERE id > $1 AND state = 'deleting' AND deleting_at < $2 ORDER BY id LIMIT $3`,
    [page.after, before.getTime(), page.limit],
  )
  return rows.map(blobOf)
}

export async function deleteRetiredBlobRow(tx: SqlWriter, id: number): Promise<void> {
  await tx.run(`DELETE FROM blobs WHERE id = $1 AND state = 'deleting'`, [id])
}

function blobOf(row: SqlRow): Blob {
  const digest = parseDigest(text(row, 'digest'))
  const storageKey = parseStorageKey(text(row, 'storage_key'))
  if (digest === undefined || storageKey === undefined) {
    throw new Error(`blobs row ${integer(row, 'id')} cannot be read`)
  }
  return { id: integer(row, 'id'), digest, size: integer(row, 'size'), storageKey }
}
