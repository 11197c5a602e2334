// Manifests that clients tie to an image by a tag made of its digest: the index of its referrers, and cosign's older layout.
import { parseDigest, type Digest } from '../oci/digest.ts'
import { text, textOrAbsent, type SqlReader, type SqlRow } from '../storage/database/database.ts'
import { companionTag, companionTagsOf } from './rules/companion-tag.ts'

/**
 * Condition on a row `t` of tags and its manifest `m`: the tag is a referrers tag and the manifest an index of nothing but
 * referrers of that subject. A tag of this form on anything else is a tag like others, or it would hide images.
 */
export const isReferrersTag = `LENGTH(t.name) = 71 AND (t.name LIKE 'sha256-%' OR t.name LIKE 'sha512-%')
  AND m.media_type = 'application/vnd.oci.image.index.v1+json' AND m.subject_digest IS NULL
  AND NOT EXISTS (SELECT 1 FROM manifest_children c
    LEFT JOIN manifests r ON r.repository_id = c.repository_id AND r.digest = c.child_digest
    WHERE c.repository_id = m.repository_id AND c.manifest_digest = m.digest
      AND (r.subject_digest IS NULL OR REPLACE(SUBSTR(r.subject_digest, 1, 71), ':', '-') <> t.name))`

/** Condition on a row `m` of manifests: it has tags, and all of them are such tags. */
export const hasReferrersTagsOnly = `m.media_type = 'application/vnd.oci.image.index.v1+json'
  AND EXISTS (SELECT 1 FROM tags t WHERE t.repository_id = m.repository_id AND t.digest = m.digest)
  AND NOT EXISTS (SELECT 1 FROM tags t
    WHERE t.repository_id = m.repository_id AND t.digest = m.digest AND NOT (${isReferrersTag}))`

/** Condition on a row `m` of manifests: it has a layer that nodes unpack or mount, so that it is no signature, whatever its tag says. */
const hasFileSystem = `EXISTS (SELECT 1 FROM manifest_blobs b
  WHERE b.repository_id = m.repository_id AND b.manifest_digest = m.digest AND b.role = 'layer'
    AND (b.media_type LIKE '%.tar%' OR b.media_type LIKE 'application/vnd.oci.image.layer%'
      OR b.media_type LIKE 'application/vnd.erofs%'))`

/**
 * Selected of a tag `t` and its manifest `m`: 1 for a referrers tag, 1 for cosign's on something that is no image, and one
 * subject of what its index lists.
 */
export const referrersColumns = `CASE WHEN ${isReferrersTag} THEN 1 ELSE 0 END AS is_referrers,
  CASE WHEN t.name LIKE 'sha256-%.%' AND NOT ${hasFileSystem} THEN 1 ELSE 0 END AS is_of_cosign,
  (SELECT r.subject_digest FROM manifest_children c
     JOIN manifests r ON r.repository_id = c.repository_id AND r.digest = c.child_digest
   WHERE LENGTH(t.name) = 71 AND t.name LIKE 'sha%' AND c.repository_id = m.repository_id AND c.manifest_digest = m.digest
   ORDER BY c.position LIMIT 1) AS listed_subject`

/** What a tag says its manifest belongs to; undefined for an ordinary tag. */
export function companionSubjectIn(row: SqlRow): string | undefined {
  const companion = companionTag(text(row, 'name'))
  if (companion?.kind !== 'referrers')
    return row['is_of_cosign'] === 1 ? companion?.subject : undefined
  if (row['is_referrers'] !== 1) return undefined
  return textOrAbsent(row, 'listed_subject') ?? companion.subject
}

/** Referrers tags after one name and up to another: they are hidden from lists. */
export async function listReferrersTags(
  reader: SqlReader,
  repositoryId: number,
  range: { readonly after: string; readonly to: string },
): Promise<ReadonlySet<string>> {
  const rows = await reader.all(
    `SELECT t.name FROM tags t JOIN manifests m ON m.repository_id = t.repository_id AND m.digest = t.digest
     WHERE t.repository_id = $1 AND t.name > $2 AND t.name <= $3 AND ${isReferrersTag}`,
    [repositoryId, range.after, range.to],
  )
  return new Set(rows.map((row) => text(row, 'name')))
}

/**
 * What goes with a subject though it does not refer to it: indexes of nothing but its referrers, under its referrers tag or
 * left without one when that moved on, and what is under cosign's tags alone and no image: else whoever may push could have an
 * image of others go with one of theirs. Nothing that an index holds; the first few.
 */
export async function listFreeCompanions(
  reader: SqlReader,
  repositoryId: number,
  subject: Digest,
  limit: number,
): Promise<readonly Digest[]> {
  const names = companionTagsOf(subject)
  const [index = '', signatures = index, attestations = index, sbom = index] = names
  const found = await reader.all(
    `SELECT m.digest FROM manifests m WHERE m.repository_id = $1 AND m.subject_digest IS NULL
       AND m.digest IN (SELECT digest FROM tags WHERE repository_id = $1 AND name IN ($3, $4, $5, $6)
         UNION SELECT c.manifest_digest FROM manifests r
           JOIN manifest_children c ON c.repository_id = r.repository_id AND c.child_digest = r.digest
           WHERE r.repository_id = $1 AND r.subject_digest = $2)
       AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.repository_id = m.repository_id AND t.digest = m.digest
         AND t.name NOT IN ($3, $4, $5, $6))
       AND (m.media_type = 'application/vnd.oci.image.index.v1+json' OR EXISTS (SELECT 1 FROM tags t
         WHERE t.repository_id = m.repository_id AND t.digest = m.digest AND t.name <> $3))
       AND NOT ${hasFileSystem}
       AND NOT EXISTS (SELECT 1 FROM manifest_children c
         LEFT JOIN manifests r ON r.repository_id = c.repository_id AND r.digest = c.child_digest
         WHERE c.repository_id = m.repository_id AND c.manifest_digest = m.digest
           AND (r.subject_digest IS NULL OR r.subject_digest <> $2))
       AND NOT EXISTS (SELECT 1 FROM manifest_children c
         WHERE c.repository_id = m.repository_id AND c.child_digest = m.digest AND c.manifest_digest <> m.digest)
     LIMIT $7`,
    [repositoryId, subject, index, signatures, attestations, sbom, limit],
  )
  return found.map((row) => {
    const digest = parseDigest(text(row, 'digest'))
    if (digest === undefined) throw new Error('manifests.digest is not a digest')
    return digest
  })
}
