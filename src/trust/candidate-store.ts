// What lies beside an image that may be a signature of it: read from the registry's own tables.
import { parseDigest, type Digest } from '../oci/digest.ts'
import {
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
} from '../storage/database/database.ts'
import type { SubjectKey } from './evaluation-jobs.ts'
import { mayHoldSignatures, signatureTagsOf } from './rules/candidate.ts'

export interface ReferrerRow {
  readonly digest: Digest
  readonly pushedAt: number
  /** ARN. */
  readonly pushedBy: string
  /** JSON. */
  readonly annotations: string | undefined
}

/** Longer annotations hold no hint that counts. */
const maxAnnotations = 8192

/** The oldest first, so that new ones displace none; one more than `limit` where there are more. */
export async function listSignatureReferrers(
  reader: SqlReader,
  { repositoryId, digest }: SubjectKey,
  limit: number,
): Promise<readonly ReferrerRow[]> {
  const rows = await reader.all(
    `SELECT digest, artifact_type, pushed_at, pushed_by,
       CASE WHEN OCTET_LENGTH(COALESCE(annotations, '')) <= $4 THEN annotations END AS annotations
     FROM manifests WHERE repository_id = $1 AND subject_digest = $2
       AND (artifact_type LIKE 'application/vnd.cncf.notary.%' OR artifact_type LIKE 'application/vnd.dev.%')
     ORDER BY pushed_at, digest LIMIT $3`,
    [repositoryId, digest, limit + 1, maxAnnotations],
  )
  return rows
    .filter((row) => mayHoldSignatures(textOrAbsent(row, 'artifact_type')))
    .map((row) => ({
      digest: digestIn(row, 'digest'),
      pushedAt: integer(row, 'pushed_at'),
      pushedBy: text(row, 'pushed_by'),
      annotations: textOrAbsent(row, 'annotations'),
    }))
}

export interface TagTarget {
  readonly tag: string
  readonly manifest: Digest
  readonly pushedAt: number
  readonly pushedBy: string
  /** Since when the tag names another one; undefined for the one that it names. */
  readonly replacedAt: number | undefined
}

/**
 * What the tags of cosign's older layout name now, and what they named since `since`: of two signers at the same moment the
 * second overwrites the first, and whoever overwrites takes away. A tag that was deleted names nothing, and never did.
 */
export async function listTagTargets(
  reader: SqlReader,
  { repositoryId, digest }: SubjectKey,
  { since, limit }: { readonly since: number; readonly limit: number },
): Promise<readonly TagTarget[]> {
  const targets: TagTarget[] = []
  for (const tag of signatureTagsOf(digest)) {
    const rows = await reader.all(
      `SELECT t.digest AS current_digest, m.digest, m.pushed_at, m.pushed_by, MAX(h.at) AS replaced_at
       FROM tags t
       JOIN tag_history h ON h.repository_id = t.repository_id AND h.name = t.name AND h.at > $3
         AND h.from_digest IS NOT NULL AND h.to_digest IS NOT NULL
         AND h.id > COALESCE((SELECT MAX(d.id) FROM tag_history d
           WHERE d.repository_id = t.repository_id AND d.name = t.name AND d.to_digest IS NULL), 0)
       JOIN manifests m ON m.repository_id = t.repository_id AND m.digest = h.from_digest
       WHERE t.repository_id = $1 AND t.name = $2 AND h.from_digest <> t.digest
       GROUP BY t.digest, m.digest, m.pushed_at, m.pushed_by ORDER BY replaced_at DESC, m.digest LIMIT $4`,
      [repositoryId, tag, since, limit],
    )
    const current = await reader.first(
      `SELECT m.digest, m.pushed_at, m.pushed_by FROM tags t
       JOIN manifests m ON m.repository_id = t.repository_id AND m.digest = t.digest
       WHERE t.repository_id = $1 AND t.name = $2`,
      [repositoryId, tag],
    )
    if (current === undefined) continue
    targets.push({ ...targetOf(tag, current), replacedAt: undefined })
    for (const row of rows)
      targets.push({ ...targetOf(tag, row), replacedAt: integer(row, 'replaced_at') })
  }
  return targets
}

function targetOf(tag: string, row: SqlRow): Omit<TagTarget, 'replacedAt'> {
  return {
    tag,
    manifest: digestIn(row, 'digest'),
    pushedAt: integer(row, 'pushed_at'),
    pushedBy: text(row, 'pushed_by'),
  }
}

/** Whether anything lies beside it that may be a signature. */
export async function hasCandidates(reader: SqlReader, key: SubjectKey): Promise<boolean> {
  const [referrer] = await listSignatureReferrers(reader, key, 1)
  if (referrer !== undefined) return true
  const targets = await listTagTargets(reader, key, { since: Number.MAX_SAFE_INTEGER, limit: 1 })
  return targets.length > 0
}

/** Digests of a repository that have referrers, in order. */
export async function listSubjects(
  reader: SqlReader,
  repositoryId: number,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly Digest[]> {
  const rows = await reader.all(
    `SELECT DISTINCT subject_digest FROM manifests
     WHERE repository_id = $1 AND subject_digest IS NOT NULL AND subject_digest > $2 ORDER BY subject_digest LIMIT $3`,
    [repositoryId, page.after, page.limit],
  )
  return rows.map((row) => digestIn(row, 'subject_digest'))
}

/** Tags of a repository that may be of cosign's older layout, in order. */
export async function listSignatureTags(
  reader: SqlReader,
  repositoryId: number,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await reader.all(
    `SELECT name FROM tags WHERE repository_id = $1 AND name > $2 AND name >= 'sha256-' AND name < 'sha256.'
       AND (name LIKE 'sha256-%.sig' OR name LIKE 'sha256-%.att') ORDER BY name LIMIT $3`,
    [repositoryId, page.after, page.limit],
  )
  return rows.map((row) => text(row, 'name'))
}

function digestIn(row: SqlRow, column: string): Digest {
  const digest = parseDigest(text(row, column))
  if (digest === undefined) throw new Error(`${column} is not a digest`)
  return digest
}
