import { text, type SqlReader, type SqlWriter } from '../storage/database/database.ts'

/** A tag of a user, a role or a managed policy, by its id, or of an identity provider, by its ARN. */
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

export async function insertIdentityTag(
  tx: SqlWriter,
  ownerId: string,
  { key, value }: Tag,
): Promise<void> {
  await tx.run('INSERT INTO identity_tags (owner_id, tag_key, tag_value) VALUES ($1, $2, $3)', [
    ownerId,
    key,
    value,
  ])
}

export async function deleteIdentityTag(
  tx: SqlWriter,
  ownerId: string,
  key: string,
): Promise<void> {
  await tx.run('DELETE FROM identity_tags WHERE owner_id = $1 AND tag_key = $2', [ownerId, key])
}

/** Of an owner that goes. */
export async function deleteIdentityTags(tx: SqlWriter, ownerId: string): Promise<void> {
  await tx.run('DELETE FROM identity_tags WHERE owner_id = $1', [ownerId])
}
