import { text, type SqlReader } from '../storage/database/database.ts'

/** A tag of a user, a role or a managed policy. */
export interface Tag {
  readonly key: string
  readonly value: string
}

export async function listIdentityTags(
  reader: SqlReader,
  ownerId: string,
): Promise<readonly Tag[]> {
  const rows = await reader.all(
    'SELECT tag_key, tag_value FROM identity_tags WHERE owner_id = $1 ORDER BY tag_key',
    [ownerId],
  )
  return rows.map((row) => ({ key: text(row, 'tag_key'), value: text(row, 'tag_value') }))
}
