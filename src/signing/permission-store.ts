import { writePrincipalIds } from '../access/rules/principal-ids.ts'
import {
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { ProfileAddress } from './rules/profile.ts'

export interface ProfilePermission {
  readonly statementId: string
  readonly action: string
  /** An account's digits, or an ARN. */
  readonly principal: string
  readonly profileVersion: string | undefined
}

/** In the order of their ids. */
export async function listPermissions(
  reader: SqlReader,
  { account, name }: ProfileAddress,
): Promise<readonly ProfilePermission[]> {
  const rows = await reader.all(
    'SELECT * FROM signing_profile_permissions WHERE account = $1 AND name = $2 ORDER BY statement_id',
    [account, name],
  )
  return rows.map(permissionOf)
}

export async function insertPermission(
  tx: SqlWriter,
  { account, name }: ProfileAddress,
  permission: ProfilePermission,
  principals: ReadonlyMap<string, string>,
): Promise<void> {
  const { statementId, action, principal, profileVersion } = permission
  await tx.run(
    `INSERT INTO signing_profile_permissions (account, name, statement_id, action, principal, profile_version, principals)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      account,
      name,
      statementId,
      action,
      principal,
      profileVersion ?? null,
      writePrincipalIds(principals),
    ],
  )
}

/** How many there were of that id. */
export async function deletePermission(
  tx: SqlWriter,
  { account, name }: ProfileAddress,
  statementId: string,
): Promise<number> {
  return tx.run(
    'DELETE FROM signing_profile_permissions WHERE account = $1 AND name = $2 AND statement_id = $3',
    [account, name, statementId],
  )
}

function permissionOf(row: SqlRow): ProfilePermission {
  return {
    statementId: text(row, 'statement_id'),
    action: text(row, 'action'),
    principal: text(row, 'principal'),
    profileVersion: textOrAbsent(row, 'profile_version'),
  }
}
