import { integer, type SqlReader } from '../storage/database/database.ts'

/** What still hangs on a user, a group or a role: IAM deletes none that has any. */
export interface IdentityUse {
  readonly attachedPolicies: number
  readonly inlinePolicies: number
  readonly accessKeys: number
  /** Of a user its groups, of a group its users. */
  readonly memberships: number
}

export async function countIdentityUse(reader: SqlReader, ownerId: string): Promise<IdentityUse> {
  const row = await reader.first(
    `SELECT (SELECT COUNT(*) FROM attached_policies WHERE owner_id = $1) AS attached,
       (SELECT COUNT(*) FROM inline_policies WHERE owner_id = $1) AS inline,
       (SELECT COUNT(*) FROM access_keys WHERE user_id = $1) AS keys,
       (SELECT COUNT(*) FROM group_members WHERE user_id = $1 OR group_id = $1) AS members`,
    [ownerId],
  )
  if (row === undefined) throw new Error('a statement without a table gave no row')
  return {
    attachedPolicies: integer(row, 'attached'),
    inlinePolicies: integer(row, 'inline'),
    accessKeys: integer(row, 'keys'),
    memberships: integer(row, 'members'),
  }
}
