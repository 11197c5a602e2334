// What the collector looks for. Each page is bounded by the rows that it walks, not by those that it finds: among a million
// links that are all needed the database must not search for the first that is not.
import { parseDigest, type Digest } from '../oci/digest.ts'
import { integer, text, type SqlReader } from '../storage/database/database.ts'

export interface UnreferencedLink {
  readonly repositoryId: number
  readonly blobId: number
  /** Bytes of the blob. */
  readonly size: number
  /** Whether no link of the blob would be left if all unreferenced ones went. */
  readonly isLast: boolean
}

export interface LinkCursor {
  readonly repositoryId: number
  readonly blobId: number
}

/** A page ends at `next`; undefined when there is no more to walk. */
export interface WalkedPage<Row, Cursor> {
  readonly found: readonly Row[]
  readonly next: Cursor | undefined
}

/** Links older than the grace of blobs that no manifest of the link's repository refers to. */
export async function walkUnreferencedLinks(
  reader: SqlReader,
  page: { readonly after: LinkCursor; readonly linkedBefore: Date; readonly limit: number },
): Promise<WalkedPage<UnreferencedLink, LinkCursor>> {
  const { after, linkedBefore, limit } = page
  const end = await reader.first(
    `SELECT repository_id, blob_id FROM blob_links WHERE (repository_id, blob_id) > ($1, $2)
     ORDER BY repository_id, blob_id LIMIT 1 OFFSET $3`,
    [after.repositoryId, after.blobId, limit - 1],
  )
  const next =
    end === undefined
      ? undefined
      : { repositoryId: integer(end, 'repository_id'), blobId: integer(end, 'blob_id') }
  const last = next ?? { repositoryId: Number.MAX_SAFE_INTEGER, blobId: 0 }
  const rows = await reader.all(
    `SELECT l.repository_id, l.blob_id, b.size, NOT EXISTS (
       SELECT 1 FROM blob_links o WHERE o.blob_id = l.blob_id AND o.repository_id <> l.repository_id AND (
         o.repository_id < l.repository_id OR o.linked_at >= $5 OR EXISTS (
           SELECT 1 FROM manifest_blobs r WHERE r.repository_id = o.repository_id AND r.blob_digest = b.digest))) AS is_last
     FROM blob_links l JOIN blobs b ON b.id = l.blob_id
     WHERE (l.repository_id, l.blob_id) > ($1, $2) AND (l.repository_id, l.blob_id) <= ($3, $4) AND l.linked_at < $5
       AND NOT EXISTS (SELECT 1 FROM manifest_blobs m WHERE m.repository_id = l.repository_id AND m.blob_digest = b.digest)
     ORDER BY l.repository_id, l.blob_id`,
    [after.repositoryId, after.blobId, last.repositoryId, last.blobId, linkedBefore.getTime()],
  )
  const found = rows.map((row) => ({
    repositoryId: integer(row, 'repository_id'),
    blobId: integer(row, 'blob_id'),
    size: integer(row, 'size'),
    isLast: integer(row, 'is_last') === 1,
  }))
  return { found, next }
}

/** Blobs, live or missing, that no repository links: what a mended or restored database may hold. */
export async function walkUnlinkedBlobs(
  reader: SqlReader,
  page: { readonly after: number; readonly limit: number },
): Promise<WalkedPage<{ readonly blobId: number; readonly size: number }, number>> {
  const end = await reader.first(
    'SELECT id FROM blobs WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2',
    [page.after, page.limit - 1],
  )
  const next = end === undefined ? undefined : integer(end, 'id')
  const rows = await reader.all(
    `SELECT b.id, b.size FROM blobs b WHERE b.id > $1 AND b.id <= $2 AND b.state IN ('live', 'missing')
       AND NOT EXISTS (SELECT 1 FROM blob_links l WHERE l.blob_id = b.id) ORDER BY b.id`,
    [page.after, next ?? Number.MAX_SAFE_INTEGER],
  )
  const found = rows.map((row) => ({ blobId: integer(row, 'id'), size: integer(row, 'size') }))
  return { found, next }
}

export interface ManifestCursor {
  readonly repositoryId: number
  readonly digest: string
}

export interface UntaggedManifest {
  readonly repositoryId: number
  readonly digest: Digest
}

/** Manifests pushed before a time that no tag and no index names, and that refer to no manifest that is there. */
export async function walkUntaggedManifests(
  reader: SqlReader,
  page: { readonly after: ManifestCursor; readonly pushedBefore: Date; readonly limit: number },
): Promise<WalkedPage<UntaggedManifest, ManifestCursor>> {
  const { after, pushedBefore, limit } = page
  const end = await reader.first(
    `SELECT repository_id, digest FROM manifests WHERE (repository_id, digest) > ($1, $2)
     ORDER BY repository_id, digest LIMIT 1 OFFSET $3`,
    [after.repositoryId, after.digest, limit - 1],
  )
  const next =
    end === undefined
      ? undefined
      : { repositoryId: integer(end, 'repository_id'), digest: text(end, 'digest') }
  const last = next ?? { repositoryId: Number.MAX_SAFE_INTEGER, digest: '' }
  const rows = await reader.all(
    `SELECT m.repository_id, m.digest FROM manifests m
     WHERE (m.repository_id, m.digest) > ($1, $2) AND (m.repository_id, m.digest) <= ($3, $4) AND m.pushed_at < $5
       AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.repository_id = m.repository_id AND t.digest = m.digest)
       AND NOT EXISTS (SELECT 1 FROM manifest_children c WHERE c.repository_id = m.repository_id AND c.child_digest = m.digest)
       AND NOT EXISTS (SELECT 1 FROM manifests s WHERE s.repository_id = m.repository_id AND s.digest = m.subject_digest)
     ORDER BY m.repository_id, m.digest`,
    [after.repositoryId, after.digest, last.repositoryId, last.digest, pushedBefore.getTime()],
  )
  const found = rows.map((row) => {
    const digest = parseDigest(text(row, 'digest'))
    if (digest === undefined) throw new Error('manifests.digest is not a digest')
    return { repositoryId: integer(row, 'repository_id'), digest }
  })
  return { found, next }
}
