import type { Digest } from '../oci/digest.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlValue,
} from '../storage/database/database.ts'
import { digestIn, type ArchivedFilter } from './manifest-store.ts'

/** A manifest that points to a subject, as lists of referrers show it. */
export interface Referrer {
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly size: number
  readonly annotations: string | undefined
  readonly pushedAt: Date
  readonly isArchived: boolean
}

export interface ReferrerFilter {
  /** At most `maxArtifactTypes`; none for all. */
  readonly artifactTypes: readonly string[]
  readonly archived: ArchivedFilter
}

/** As many as a statement has places for. */
export const maxArtifactTypes = 5

interface ReferrerPage {
  readonly before: { readonly pushedAt: number; readonly digest: string }
  readonly limit: number
  readonly filter: ReferrerFilter
}

const isArchived = `EXISTS (SELECT 1 FROM image_archivals a
  WHERE a.repository_id = manifests.repository_id AND a.digest = manifests.digest AND a.state = 'archived')`
const entryBytes =
  "OCTET_LENGTH(COALESCE(annotations, '')) + OCTET_LENGTH(COALESCE(artifact_type, ''))"
/** Newest first, in the order of manifests_subject. */
const ofPage = `FROM manifests WHERE repository_id = $1 AND subject_digest = $2
  AND (pushed_at < $3 OR (pushed_at = $3 AND digest < $4))
  AND ($6 = 'any' OR ($6 = 'only') = ${isArchived})
  AND ($7 = '' OR artifact_type IN ($7, $8, $9, $10, $11))
  ORDER BY pushed_at DESC, digest DESC LIMIT $5`

function parametersOf(
  repositoryId: number,
  subject: Digest,
  { before, limit, filter }: ReferrerPage,
): readonly SqlValue[] {
  const { artifactTypes, archived } = filter
  if (artifactTypes.length > maxArtifactTypes) throw new Error('more types than places')
  const [first = ''] = artifactTypes
  // The same statement for any number of types: the first fills the places that are left.
  const types = Array.from({ length: maxArtifactTypes }, (_, at) => artifactTypes[at] ?? first)
  return [repositoryId, subject, before.pushedAt, before.digest, limit, archived, ...types]
}

/** Annotations that make an entry larger than said are left out. */
export async function listReferrerRows(
  reader: SqlReader,
  repositoryId: number,
  subject: Digest,
  page: ReferrerPage & { readonly maxEntryBytes: number },
): Promise<readonly Referrer[]> {
  const rows = await reader.all(
    `SELECT digest, media_type, artifact_type, size, pushed_at,
       CASE WHEN ${entryBytes} <= $12 THEN annotations END AS annotations,
       CASE WHEN ${isArchived} THEN 1 ELSE 0 END AS archived
     ${ofPage}`,
    [...parametersOf(repositoryId, subject, page), page.maxEntryBytes],
  )
  return rows.map((row) => ({
    digest: digestIn(row, 'digest'),
    mediaType: text(row, 'media_type'),
    artifactType: textOrAbsent(row, 'artifact_type'),
    size: integer(row, 'size'),
    annotations: textOrAbsent(row, 'annotations'),
    pushedAt: instant(row, 'pushed_at'),
    isArchived: integer(row, 'archived') === 1,
  }))
}

/** Of the same page, how many bytes of text each entry has; none of them is read. */
export async function listReferrerSizes(
  reader: SqlReader,
  repositoryId: number,
  subject: Digest,
  page: ReferrerPage,
): Promise<readonly number[]> {
  const rows = await reader.all(
    `SELECT ${entryBytes} AS bytes ${ofPage}`,
    parametersOf(repositoryId, subject, page),
  )
  return rows.map((row) => integer(row, 'bytes'))
}
