import { parseDigest, type Digest } from '../oci/digest.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Manifest } from '../oci/manifest.ts'
import {
  bytes,
  instant,
  instantOrAbsent,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { hasReferrersTagsOnly } from './companion-store.ts'
import { rowsOf, type ManifestRows } from './rules/manifest-rows.ts'
import { addManifestBytes, countManifest } from './usage-store.ts'

/** A manifest without its bytes. */
export interface ManifestSummary {
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly subject: Digest | undefined
  /** Bytes of the manifest itself. */
  readonly size: number
  /** Config and layers of an image; for an index the manifest itself. */
  readonly imageSize: number
  readonly pushedAt: Date
  readonly lastPulledAt: Date | undefined
}

export interface StoredManifest extends ManifestSummary {
  /** Exactly as pushed. */
  readonly bytes: Uint8Array
}

/** Of the references of one manifest, which may be ten thousand; requests that read have their turn between. */
const writesAtOnce = 500

const summaryColumns =
  'digest, media_type, artifact_type, subject_digest, size, image_size, pushed_at, last_pulled_at'

export async function findManifestByDigest(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<StoredManifest | undefined> {
  const row = await reader.first(
    `SELECT ${summaryColumns}, bytes FROM manifests WHERE repository_id = $1 AND digest = $2`,
    [repositoryId, digest],
  )
  return row === undefined ? undefined : { ...summaryOf(row), bytes: bytes(row, 'bytes') }
}

export async function findManifestSummary(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<ManifestSummary | undefined> {
  const row = await reader.first(
    `SELECT ${summaryColumns} FROM manifests WHERE repository_id = $1 AND digest = $2`,
    [repositoryId, digest],
  )
  return row === undefined ? undefined : summaryOf(row)
}

/** ARN of who pushed a manifest last. */
export async function findPushedBy(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<string | undefined> {
  const row = await reader.first(
    'SELECT pushed_by FROM manifests WHERE repository_id = $1 AND digest = $2',
    [repositoryId, digest],
  )
  return row === undefined ? undefined : text(row, 'pushed_by')
}

/** Whether a list shows archived images: with the others, none but them, or not at all. */
export type ArchivedFilter = 'any' | 'only' | 'not'

/** A page in order of push time, then digest, without what is only there under a referrers tag. */
export async function listManifests(
  reader: SqlReader,
  repositoryId: number,
  page: {
    readonly tagStatus: 'ANY' | 'TAGGED' | 'UNTAGGED'
    readonly archived: ArchivedFilter
    readonly after: { readonly pushedAt: number; readonly digest: string }
    readonly limit: number
  },
): Promise<readonly ManifestSummary[]> {
  const rows = await reader.all(
    `SELECT ${summaryColumns} FROM manifests m
     WHERE repository_id = $1 AND (pushed_at > $2 OR (pushed_at = $2 AND digest > $3))
       AND NOT (${hasReferrersTagsOnly})
       AND ($4 = 'ANY' OR ($4 = 'TAGGED') = EXISTS (SELECT 1 FROM tags t
         WHERE t.repository_id = m.repository_id AND t.digest = m.digest))
       AND ($6 = 'any' OR ($6 = 'only') = EXISTS (SELECT 1 FROM image_archivals a
         WHERE a.repository_id = m.repository_id AND a.digest = m.digest AND a.state = 'archived'))
     ORDER BY pushed_at, digest LIMIT $5`,
    [
      repositoryId,
      page.after.pushedAt,
      page.after.digest,
      page.tagStatus,
      page.limit,
      page.archived,
    ],
  )
  return rows.map(summaryOf)
}

/** What refers to the subject, that no index holds, and so may go with it: the first few. */
export async function listFreeReferrers(
  reader: SqlReader,
  repositoryId: number,
  subject: Digest,
  limit: number,
): Promise<readonly Digest[]> {
  // In the order of manifests_subject: in that of digests the database would walk all manifests of the repository.
  const rows = await reader.all(
    `SELECT m.digest FROM manifests m WHERE m.repository_id = $1 AND m.subject_digest = $2
       AND NOT EXISTS (SELECT 1 FROM manifest_children c
         WHERE c.repository_id = m.repository_id AND c.child_digest = m.digest AND c.manifest_digest <> m.digest)
     ORDER BY m.pushed_at, m.digest LIMIT $3`,
    [repositoryId, subject, limit],
  )
  return rows.map((row) => digestIn(row, 'digest'))
}

/** A parsed manifest beside its bytes, as it is written. */
export interface WrittenManifest {
  readonly digest: Digest
  readonly manifest: Manifest
  readonly bytes: Uint8Array
}

/** Writes the manifest and what it refers to. */
export async function insertManifest(
  tx: SqlWriter,
  repositoryId: number,
  stored: WrittenManifest & { readonly pushedBy: string },
  now: Date,
): Promise<void> {
  const { digest, manifest } = stored
  const rows = rowsOf(manifest, stored.bytes.byteLength)
  await tx.run(
    `INSERT INTO manifests (repository_id, digest, media_type, artifact_type, subject_digest, image_size,
       pushed_at, pushed_by, annotations, size, bytes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      repositoryId,
      digest,
      manifest.mediaType,
      rows.artifactType ?? null,
      rows.subject ?? null,
      rows.imageSize,
      now.getTime(),
      stored.pushedBy,
      rows.annotations ?? null,
      rows.size,
      stored.bytes,
    ],
  )
  await insertReferences(tx, repositoryId, digest, rows)
  await countManifest(tx, repositoryId, rows.size, 1)
}

async function insertReferences(
  tx: SqlWriter,
  repositoryId: number,
  digest: Digest,
  rows: ManifestRows,
): Promise<void> {
  for (const [position, child] of rows.children.entries()) {
    if (position % writesAtOnce === writesAtOnce - 1) await yieldToEventLoop()
    await tx.run(
      `INSERT INTO manifest_children (repository_id, manifest_digest, position, child_digest)
       VALUES ($1, $2, $3, $4)`,
      [repositoryId, digest, position, child],
    )
  }
  for (const [position, { role, digest: blob, mediaType, size }] of rows.blobs.entries()) {
    if (position % writesAtOnce === writesAtOnce - 1) await yieldToEventLoop()
    await tx.run(
      `INSERT INTO manifest_blobs (repository_id, manifest_digest, position, role, blob_digest, media_type, size)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [repositoryId, digest, position, role, blob, mediaType, size],
    )
  }
}

/** Whether a manifest that is there has exactly these bytes. */
export async function hasManifestBytes(
  reader: SqlReader,
  repositoryId: number,
  { digest, bytes: expected }: WrittenManifest,
): Promise<boolean> {
  const row = await reader.first(
    'SELECT size FROM manifests WHERE repository_id = $1 AND digest = $2 AND bytes = $3',
    [repositoryId, digest, expected],
  )
  return row !== undefined
}

/** Bytes and all that is said of them, of a manifest that is there; who pushed it and when stays. */
export async function rewriteManifest(
  tx: SqlWriter,
  repositoryId: number,
  stored: WrittenManifest,
): Promise<void> {
  const { digest, manifest } = stored
  const rows = rowsOf(manifest, stored.bytes.byteLength)
  const before = await findManifestSummary(tx, repositoryId, digest)
  await tx.run(
    `UPDATE manifests SET media_type = $3, artifact_type = $4, subject_digest = $5, image_size = $6, annotations = $7,
       size = $8, bytes = $9 WHERE repository_id = $1 AND digest = $2`,
    [
      repositoryId,
      digest,
      manifest.mediaType,
      rows.artifactType ?? null,
      rows.subject ?? null,
      rows.imageSize,
      rows.annotations ?? null,
      rows.size,
      stored.bytes,
    ],
  )
  const values = [repositoryId, digest]
  await tx.run(
    'DELETE FROM manifest_blobs WHERE repository_id = $1 AND manifest_digest = $2',
    values,
  )
  await tx.run(
    'DELETE FROM manifest_children WHERE repository_id = $1 AND manifest_digest = $2',
    values,
  )
  await insertReferences(tx, repositoryId, digest, rows)
  await addManifestBytes(tx, repositoryId, rows.size - (before?.size ?? 0))
}

/** A push of what is there already counts as a push. */
export async function touchPushedAt(
  tx: SqlWriter,
  repositoryId: number,
  digest: Digest,
  by: string,
  now: Date,
): Promise<void> {
  await tx.run(
    'UPDATE manifests SET pushed_at = $1, pushed_by = $2 WHERE repository_id = $3 AND digest = $4',
    [now.getTime(), by, repositoryId, digest],
  )
}

export async function touchLastPulledAt(
  tx: SqlWriter,
  repositoryId: number,
  digest: Digest,
  now: Date,
): Promise<void> {
  await tx.run(
    'UPDATE manifests SET last_pulled_at = $1 WHERE repository_id = $2 AND digest = $3',
    [now.getTime(), repositoryId, digest],
  )
}

/** Tags that point at the manifest go with it. */
export async function deleteManifestRow(
  tx: SqlWriter,
  repositoryId: number,
  digest: Digest,
): Promise<void> {
  const row = await tx.first(
    'DELETE FROM manifests WHERE repository_id = $1 AND digest = $2 RETURNING size',
    [repositoryId, digest],
  )
  if (row !== undefined) await countManifest(tx, repositoryId, integer(row, 'size'), -1)
}

/** An index of the repository that refers to the manifest, if there is one. */
export async function findReferringIndex(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<Digest | undefined> {
  const row = await reader.first(
    `SELECT manifest_digest FROM manifest_children
     WHERE repository_id = $1 AND child_digest = $2 AND manifest_digest <> $2 LIMIT 1`,
    [repositoryId, digest],
  )
  return row === undefined ? undefined : digestIn(row, 'manifest_digest')
}

/** Indexes of the repository that list the manifest; at most `limit`. */
export async function listReferringIndexes(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
  limit: number,
): Promise<readonly Digest[]> {
  const rows = await reader.all(
    `SELECT DISTINCT manifest_digest FROM manifest_children
     WHERE repository_id = $1 AND child_digest = $2 ORDER BY manifest_digest LIMIT $3`,
    [repositoryId, digest, limit],
  )
  return rows.map((row) => digestIn(row, 'manifest_digest'))
}

/** Whether some manifest of the repository uses the blob as a layer. */
export async function findLayerMediaType(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<string | undefined> {
  const row = await reader.first(
    'SELECT media_type FROM manifest_blobs WHERE repository_id = $1 AND blob_digest = $2 LIMIT 1',
    [repositoryId, digest],
  )
  return row === undefined ? undefined : text(row, 'media_type')
}

export function summaryOf(row: SqlRow): ManifestSummary {
  return {
    digest: digestIn(row, 'digest'),
    mediaType: text(row, 'media_type'),
    artifactType: textOrAbsent(row, 'artifact_type'),
    subject: parseDigest(textOrAbsent(row, 'subject_digest') ?? ''),
    size: integer(row, 'size'),
    imageSize: integer(row, 'image_size'),
    pushedAt: instant(row, 'pushed_at'),
    lastPulledAt: instantOrAbsent(row, 'last_pulled_at'),
  }
}

export function digestIn(row: SqlRow, column: string): Digest {
  const digest = parseDigest(text(row, column))
  if (digest === undefined) throw new Error(`manifests.${column} is not a digest`)
  return digest
}
