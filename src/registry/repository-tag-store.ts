import { text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** A resource tag of a repository: key and value, as AWS's Tag shape. */
export interface RepositoryTag {
  readonly key: string
  readonly value: string
}

export async function listRepositoryTags(
  reader: SqlReader,
  repositoryId: number,
): Promise<readonly RepositoryTag[]> {
  const rows = await reader.all(
    'SELECT tag_key, tag_value FROM repository_tags WHERE repository_id = $1 ORDER BY tag_key',
    [repositoryId],
  )
  return rows.map((row) => ({ key: text(row, 'tag_key'), value: text(row, 'tag_value') }))
}

export async function putRepositoryTag(
  tx: SqlWriter,
  repositoryId: number,
  tag: RepositoryTag,
): Promise<void> {
  await tx.run(
    `INSERT INTO repository_tags (repository_id, tag_key, tag_value) VALUES ($1, $2, $3)
     ON CONFLICT (repository_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value`,
    [repositoryId, tag.key, tag.value],
  )
}

export async function deleteRepositoryTag(
  tx: SqlWriter,
  repositoryId: number,
  key: string,
): Promise<void> {
  await tx.run('DELETE FROM repository_tags WHERE repository_id = $1 AND tag_key = $2', [
    repositoryId,
    key,
  ])
}
