import { parseDigest, type Digest } from '../oci/digest.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import {
  instant,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

interface TagRow {
  readonly name: Tag
  readonly digest: Digest
}

export async function findTag(
  reader: SqlReader,
  repositoryId: number,
  tag: Tag,
): Promise<Digest | undefined> {
  const row = await reader.first(
    'SELECT name, digest FROM tags WHERE repository_id = $1 AND name = $2',
    [repositoryId, tag],
  )
  return row === undefined ? undefined : tagOf(row).digest
}

/** In byte order after `after`; names alone are read from the index. */
export async function listTagNames(
  reader: SqlReader,
  repositoryId: number,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly Tag[]> {
  const rows = await reader.all(
    'SELECT name FROM tags WHERE repository_id = $1 AND name > $2 ORDER BY name LIMIT $3',
    [repositoryId, page.after, page.limit],
  )
  return rows.map((row) => tagIn(row))
}

export async function listTagsOf(
  reader: SqlReader,
  repositoryId: number,
  digest: Digest,
): Promise<readonly Tag[]> {
  const rows = await reader.all(
    'SELECT name, digest FROM tags WHERE repository_id = $1 AND digest = $2 ORDER BY name',
    [repositoryId, digest],
  )
  return rows.map((row) => tagOf(row).name)
}

/** Who moved which tag, in the transaction that does it. */
export interface TagChange {
  readonly repository: { readonly id: number; readonly name: string }
  readonly tag: Tag
  readonly from: Digest | undefined
  readonly to: Digest | undefined
  readonly principal: string
}

export async function writeTag(tx: SqlWriter, change: TagChange, now: Date): Promise<void> {
  const { repository, tag, to } = change
  if (to === undefined) {
    await tx.run('DELETE FROM tags WHERE repository_id = $1 AND name = $2', [repository.id, tag])
  } else {
    await tx.run(
      `INSERT INTO tags (repository_id, name, digest, updated_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (repository_id, name) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at`,
      [repository.id, tag, to, now.getTime()],
    )
  }
  await tx.run(
    `INSERT INTO tag_history (repository_id, repository, name, from_digest, to_digest, principal, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      repository.id,
      repository.name,
      tag,
      change.from ?? null,
      to ?? null,
      change.principal,
      now.getTime(),
    ],
  )
}

/** A move of a tag as it is remembered; absent digests: it was not there, or was deleted. */
export interface StoredTagChange {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly principal: string
  readonly at: Date
}

/** Newest first. */
export async function listTagChanges(
  reader: SqlReader,
  repositoryId: number,
  { tag, limit }: { readonly tag: Tag; readonly limit: number },
): Promise<readonly StoredTagChange[]> {
  const rows = await reader.all(
    `SELECT from_digest, to_digest, principal, at FROM tag_history
     WHERE repository_id = $1 AND name = $2 ORDER BY id DESC LIMIT $3`,
    [repositoryId, tag, limit],
  )
  return rows.map((row) => ({
    from: textOrAbsent(row, 'from_digest'),
    to: textOrAbsent(row, 'to_digest'),
    principal: text(row, 'principal'),
    at: instant(row, 'at'),
  }))
}

function tagOf(row: SqlRow): TagRow {
  const digest = parseDigest(text(row, 'digest'))
  if (digest === undefined) throw new Error('a tags row cannot be read')
  return { name: tagIn(row), digest }
}

function tagIn(row: SqlRow): Tag {
  const name = parseTag(text(row, 'name'))
  if (name === undefined) throw new Error('a tags row cannot be read')
  return name
}
