import type { Digest } from '../oci/digest.ts'
import {
  instant,
  instantOrAbsent,
  text,
  type SqlReader,
  type SqlWriter,
} from '../storage/database/database.ts'

/** Of an image that is or was archived. */
export interface Archival {
  readonly isArchived: boolean
  readonly archivedAt: Date
  readonly restoredAt: Date | undefined
}

/** Undefined for an image that was never archived. */
export async function findArchival(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<Archival | undefined> {
  const row = await reader.first(
    'SELECT state, archived_at, restored_at FROM image_archivals WHERE repository_id = $1 AND digest = $2',
    [repositoryId, digest],
  )
  if (row === undefined) return undefined
  return {
    isArchived: text(row, 'state') === 'archived',
    archivedAt: instant(row, 'archived_at'),
    restoredAt: instantOrAbsent(row, 'restored_at'),
  }
}

/** Whether manifests of the repository refer to the blob, and all of them are archived. */
export async function isArchivedLayer(
  reader: SqlReader,
  repositoryId: number,
  blob: Digest,
): Promise<boolean> {
  const row = await reader.first(
    `SELECT MIN(CASE WHEN a.state = 'archived' THEN 'archived' ELSE 'active' END) AS least FROM manifest_blobs b
     LEFT JOIN image_archivals a ON a.repository_id = b.repository_id AND a.digest = b.manifest_digest
     WHERE b.repository_id = $1 AND b.blob_digest = $2`,
    [repositoryId, blob],
  )
  return row?.['least'] === 'archived'
}

/** The image, and of an index those children that nothing else shows: no tag of their own, no active index. */
export async function archiveRows(
  tx: SqlWriter,
  repositoryId: number,
  digest: Digest,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO image_archivals (repository_id, digest, state, archived_at) VALUES ($1, $2, 'archived', $3)
     ON CONFLICT (repository_id, digest) DO UPDATE SET state = 'archived', archived_at = excluded.archived_at`,
    [repositoryId, digest, now.getTime()],
  )
  await tx.run(
    `INSERT INTO image_archivals (repository_id, digest, state, archived_at)
     SELECT DISTINCT c.repository_id, c.child_digest, 'archived', $3 FROM manifest_children c
     JOIN manifests m ON m.repository_id = c.repository_id AND m.digest = c.child_digest
     WHERE c.repository_id = $1 AND c.manifest_digest = $2 AND c.child_digest <> $2
       AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.repository_id = c.repository_id AND t.digest = c.child_digest)
       AND NOT EXISTS (SELECT 1 FROM manifest_children o WHERE o.repository_id = c.repository_id
         AND o.child_digest = c.child_digest AND o.manifest_digest <> $2
         AND NOT EXISTS (SELECT 1 FROM image_archivals a WHERE a.repository_id = o.repository_id
           AND a.digest = o.manifest_digest AND a.state = 'archived'))
     ON CONFLICT (repository_id, digest) DO UPDATE SET state = 'archived', archived_at = excluded.archived_at`,
    [repositoryId, digest, now.getTime()],
  )
}

/** The image and, of an index, its children; those that are not archived stay as they are. True where one was. */
export async function restoreRows(
  tx: SqlWriter,
  repositoryId: number,
  digest: Digest,
  now: Date,
): Promise<boolean> {
  const restored = await tx.run(
    `UPDATE image_archivals SET state = 'restored', restored_at = $3
     WHERE repository_id = $1 AND state = 'archived' AND (digest = $2 OR digest IN (
       SELECT child_digest FROM manifest_children WHERE repository_id = $1 AND manifest_digest = $2))`,
    [repositoryId, digest, now.getTime()],
  )
  return restored > 0
}
