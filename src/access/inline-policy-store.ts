import { text, type SqlReader, type SqlRow, type SqlWriter } from '../storage/database/database.ts'

/** A policy that is part of its user, group or role. */
export interface InlinePolicy {
  readonly name: string
  /** As it was given. */
  readonly document: string
}

/** Makes it, or puts it in the place of the one of that name. */
export async function putInlinePolicy(
  tx: SqlWriter,
  ownerId: string,
  policy: InlinePolicy,
): Promise<void> {
  await tx.run(
    `INSERT INTO inline_policies (owner_id, name, name_key, document) VALUES ($1, $2, $3, $4)
     ON CONFLICT (owner_id, name_key) DO UPDATE SET name = excluded.name, document = excluded.document`,
    [ownerId, policy.name, policy.name.toLowerCase(), policy.document],
  )
}

export async function findInlinePolicy(
  reader: SqlReader,
  ownerId: string,
  name: string,
): Promise<InlinePolicy | undefined> {
  const row = await reader.first(
    'SELECT name, document FROM inline_policies WHERE owner_id = $1 AND name_key = $2',
    [ownerId, name.toLowerCase()],
  )
  return row === undefined ? undefined : inlinePolicyOf(row)
}

/** All of one owner, by name: their sizes together are limited, so there are never many. */
export async function listInlinePolicies(
  reader: SqlReader,
  ownerId: string,
): Promise<readonly InlinePolicy[]> {
  const rows = await reader.all(
    'SELECT name, document FROM inline_policies WHERE owner_id = $1 ORDER BY name_key',
    [ownerId],
  )
  return rows.map(inlinePolicyOf)
}

/** False where there was none. */
export async function deleteInlinePolicy(
  tx: SqlWriter,
  ownerId: string,
  name: string,
): Promise<boolean> {
  const deleted = await tx.run(
    'DELETE FROM inline_policies WHERE owner_id = $1 AND name_key = $2',
    [ownerId, name.toLowerCase()],
  )
  return deleted > 0
}

function inlinePolicyOf(row: SqlRow): InlinePolicy {
  return { name: text(row, 'name'), document: text(row, 'document') }
}
