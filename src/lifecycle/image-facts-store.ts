// What policies are evaluated over, read from the registry's rows.
import type { Digest } from '../oci/digest.ts'
import { companionSubjectIn, referrersColumns } from '../registry/companion-store.ts'
import {
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
} from '../storage/database/database.ts'
import type { LifecycleImage } from './rules/lifecycle-image.ts'

/** The image, and what is told of it beside. */
export interface ImageFacts extends LifecycleImage {
  readonly mediaType: string
  /** Config and layers in bytes; of an index 0. */
  readonly sizeBytes: number
}

const columns = `m.digest, m.media_type, m.artifact_type, m.subject_digest, m.image_size, m.pushed_at, m.last_pulled_at,
  a.state, a.archived_at, a.restored_at`
const join =
  'LEFT JOIN image_archivals a ON a.repository_id = m.repository_id AND a.digest = m.digest'

/** A page in order of push time, then digest, without tags and holders; index manifests_pushed. */
export async function listImageFacts(
  reader: SqlReader,
  repositoryId: number,
  page: {
    readonly after: { readonly pushedAt: number; readonly digest: string }
    readonly limit: number
  },
): Promise<readonly ImageFacts[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM manifests m ${join}
     WHERE m.repository_id = $1 AND (m.pushed_at > $2 OR (m.pushed_at = $2 AND m.digest > $3))
     ORDER BY m.pushed_at, m.digest LIMIT $4`,
    [repositoryId, page.after.pushedAt, page.after.digest, page.limit],
  )
  return rows.map(factsOf)
}

export interface TagOfImage {
  readonly tag: string
  readonly digest: string
  /** Of a tag that a client made of a digest: that digest. */
  readonly companionOf: string | undefined
}

/** A page of tags in byte order. */
export async function listTagRows(
  reader: SqlReader,
  repositoryId: number,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly TagOfImage[]> {
  const rows = await reader.all(
    `SELECT t.name, t.digest, ${referrersColumns} FROM tags t
     JOIN manifests m ON m.repository_id = t.repository_id AND m.digest = t.digest
     WHERE t.repository_id = $1 AND t.name > $2 ORDER BY t.name LIMIT $3`,
    [repositoryId, page.after, page.limit],
  )
  return rows.map(tagOf)
}

function tagOf(row: SqlRow): TagOfImage {
  const companionOf = companionSubjectIn(row)
  return { tag: text(row, 'name'), digest: text(row, 'digest'), companionOf }
}

/** An image is tied to another one where all its tags say so; a tag of people's own makes it an image like others. */
export function withTags<T extends ImageFacts>(image: T, tags: readonly TagOfImage[]): T {
  const [first] = tags
  const isCompanion =
    image.subject === undefined &&
    tags.every(({ companionOf }) => companionOf === first?.companionOf)
  const subject = isCompanion ? first?.companionOf : undefined
  return {
    ...image,
    tags: tags.map(({ tag }) => tag),
    ...(subject === undefined ? {} : { subject }),
  }
}

export interface ChildOfIndex {
  readonly index: string
  readonly position: number
  readonly child: string
}

/** A page of what indexes list, in the order of their key. */
export async function listChildRows(
  reader: SqlReader,
  repositoryId: number,
  page: {
    readonly after: { readonly index: string; readonly position: number }
    readonly limit: number
  },
): Promise<readonly ChildOfIndex[]> {
  const { after, limit } = page
  const rows = await reader.all(
    `SELECT manifest_digest, position, child_digest FROM manifest_children
     WHERE repository_id = $1 AND (manifest_digest > $2 OR (manifest_digest = $2 AND position > $3))
     ORDER BY manifest_digest, position LIMIT $4`,
    [repositoryId, after.index, after.position, limit],
  )
  return rows.map((row) => ({
    index: text(row, 'manifest_digest'),
    position: integer(row, 'position'),
    child: text(row, 'child_digest'),
  }))
}

/** Everything of one image as it is now, and whether its subject is there; of what lists it the first few. */
export async function findImageFacts(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<(ImageFacts & { readonly isSubjectThere: boolean }) | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM manifests m ${join} WHERE m.repository_id = $1 AND m.digest = $2`,
    [repositoryId, digest],
  )
  if (row === undefined) return undefined
  const tags = await reader.all(
    `SELECT t.name, t.digest, ${referrersColumns} FROM tags t
     JOIN manifests m ON m.repository_id = t.repository_id AND m.digest = t.digest
     WHERE t.repository_id = $1 AND t.digest = $2 ORDER BY t.name`,
    [repositoryId, digest],
  )
  const holders = await reader.all(
    `SELECT DISTINCT manifest_digest FROM manifest_children
     WHERE repository_id = $1 AND child_digest = $2 AND manifest_digest <> $2 ORDER BY manifest_digest LIMIT 10`,
    [repositoryId, digest],
  )
  const heldBy = holders.map((holder) => text(holder, 'manifest_digest'))
  const facts = withTags({ ...factsOf(row), heldBy }, tags.map(tagOf))
  const subject = await reader.first(
    'SELECT digest FROM manifests WHERE repository_id = $1 AND digest = $2',
    [repositoryId, facts.subject ?? ''],
  )
  return { ...facts, isSubjectThere: subject !== undefined }
}

function factsOf(row: SqlRow): ImageFacts {
  const [lastPulledAt, archivedAt, restoredAt] = [
    'last_pulled_at',
    'archived_at',
    'restored_at',
  ].map((column) => integerOrAbsent(row, column))
  const [subject, artifactType] = ['subject_digest', 'artifact_type'].map((column) =>
    textOrAbsent(row, column),
  )
  return {
    digest: text(row, 'digest'),
    mediaType: text(row, 'media_type'),
    sizeBytes: integer(row, 'image_size'),
    tags: [],
    heldBy: [],
    pushedAt: integer(row, 'pushed_at'),
    storageClass: row['state'] === 'archived' ? 'archive' : 'standard',
    ...(lastPulledAt === undefined ? {} : { lastPulledAt }),
    ...(archivedAt === undefined ? {} : { archivedAt }),
    ...(restoredAt === undefined ? {} : { restoredAt }),
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType === undefined ? {} : { artifactType }),
  }
}
