import { parseDigest, type Digest } from '../oci/digest.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import { isReferrersTag } from './companion-store.ts'
import type { ArchivedFilter } from './manifest-store.ts'
import { integer, text, textOrAbsent, type SqlReader } from '../storage/database/database.ts'

/** One line of ListImages: an image under one of its tags, or an image without a tag. */
export interface ImageEntry {
  readonly digest: Digest
  readonly tag: Tag | undefined
  readonly pushedAt: number
}

export type TagStatus = 'ANY' | 'TAGGED' | 'UNTAGGED'

/** Where a page ended: the order is push time, digest, tag. */
export interface ImageCursor {
  readonly pushedAt: number
  readonly digest: string
  readonly tag: string
}

export const firstImage: ImageCursor = { pushedAt: -1, digest: '', tag: '' }

/** A page of entries, without referrers tags; each is met once even while others are pushed. */
export async function listImageEntries(
  reader: SqlReader,
  repositoryId: number,
  page: {
    readonly tagStatus: TagStatus
    readonly archived: ArchivedFilter
    readonly after: ImageCursor
    readonly limit: number
  },
): Promise<readonly ImageEntry[]> {
  const { tagStatus, archived, after, limit } = page
  const rows = await reader.all(
    `SELECT m.digest, m.pushed_at, t.name FROM manifests m
     LEFT JOIN tags t ON t.repository_id = m.repository_id AND t.digest = m.digest
     WHERE m.repository_id = $1 AND m.pushed_at >= $2 AND (t.name IS NULL OR NOT (${isReferrersTag}))
       AND (m.pushed_at > $2 OR m.digest > $3 OR (m.digest = $3 AND COALESCE(t.name, '') > $4))
       AND ($5 = 'ANY' OR ($5 = 'TAGGED' AND t.name IS NOT NULL) OR ($5 = 'UNTAGGED' AND t.name IS NULL))
       AND ($7 = 'any' OR ($7 = 'only') = EXISTS (SELECT 1 FROM image_archivals a
         WHERE a.repository_id = m.repository_id AND a.digest = m.digest AND a.state = 'archived'))
     ORDER BY m.pushed_at, m.digest, t.name LIMIT $6`,
    [repositoryId, after.pushedAt, after.digest, after.tag, tagStatus, limit, archived],
  )
  return rows.map((row) => {
    const digest = parseDigest(text(row, 'digest'))
    const name = textOrAbsent(row, 'name')
    if (digest === undefined) throw new Error('manifests.digest is not a digest')
    const tag = name === undefined ? undefined : parseTag(name)
    return { digest, tag, pushedAt: integer(row, 'pushed_at') }
  })
}
