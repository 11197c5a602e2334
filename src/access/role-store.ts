import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { roleArn } from '../policy/arn.ts'
import {
  instant,
  instantOrAbsent,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readPrincipalIds, writePrincipalIds } from './rules/principal-ids.ts'
import type { NamePage } from './user-store.ts'

export interface Role {
  /** `AROA…` */
  readonly id: string
  readonly account: AccountId
  readonly name: string
  readonly path: string
  readonly description: string | undefined
  readonly maxSessionSeconds: number
  readonly trust: TrustPolicy
  readonly boundaryArn: string | undefined
  readonly createdAt: Date
  readonly lastUsedAt: Date | undefined
  readonly lastUsedRegion: string | undefined
}

export interface TrustPolicy {
  /** As it was given. */
  readonly document: string
  /** The unique ids of those whom it names by ARN, as they were when it was put. */
  readonly principals: ReadonlyMap<string, string>
}

const columns = `id, account, name, path, description, max_session_seconds, trust_document, trust_principals,
  boundary_arn, created_at, last_used_at, last_used_region`

export async function insertRole(tx: SqlWriter, role: Role): Promise<void> {
  await tx.run(
    `INSERT INTO roles (id, account, name, name_key, path, description, max_session_seconds, trust_document,
       trust_principals, boundary_arn, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      role.id,
      role.account,
      role.name,
      role.name.toLowerCase(),
      role.path,
      role.description ?? null,
      role.maxSessionSeconds,
      role.trust.document,
      writePrincipalIds(role.trust.principals),
      role.boundaryArn ?? null,
      role.createdAt.getTime(),
    ],
  )
}

/** Without regard to case. */
export async function findRoleByName(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<Role | undefined> {
  const row = await reader.first(
    `SELECT ${columns} FROM roles WHERE account = $1 AND name_key = $2`,
    [account, name.toLowerCase()],
  )
  return row === undefined ? undefined : roleOf(row)
}

export async function listRoles(
  reader: SqlReader,
  account: AccountId,
  page: NamePage,
): Promise<readonly Role[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM roles WHERE account = $1 AND name_key > $2
     AND substr(path, 1, length($3)) = $3 ORDER BY name_key LIMIT $4`,
    [account, page.after, page.pathPrefix, page.limit],
  )
  return rows.map(roleOf)
}

export async function countRoles(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first('SELECT COUNT(*) AS n FROM roles WHERE account = $1', [account])
  return row === undefined ? 0 : integer(row, 'n')
}

export async function putRoleSettings(
  tx: SqlWriter,
  id: string,
  settings: Pick<Role, 'description' | 'maxSessionSeconds'>,
): Promise<void> {
  await tx.run('UPDATE roles SET description = $2, max_session_seconds = $3 WHERE id = $1', [
    id,
    settings.description ?? null,
    settings.maxSessionSeconds,
  ])
}

export async function putRoleTrust(tx: SqlWriter, id: string, trust: TrustPolicy): Promise<void> {
  await tx.run('UPDATE roles SET trust_document = $2, trust_principals = $3 WHERE id = $1', [
    id,
    trust.document,
    writePrincipalIds(trust.principals),
  ])
}

export async function putRoleBoundary(
  tx: SqlWriter,
  id: string,
  boundaryArn: string | undefined,
): Promise<void> {
  await tx.run('UPDATE roles SET boundary_arn = $2 WHERE id = $1', [id, boundaryArn ?? null])
}

/** Unless a use since `unlessSince` is written already. */
export async function putRoleUse(
  tx: SqlWriter,
  id: string,
  use: { readonly at: Date; readonly region: string },
  unlessSince: Date,
): Promise<void> {
  await tx.run(
    `UPDATE roles SET last_used_at = $2, last_used_region = $3
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $4)`,
    [id, use.at.getTime(), use.region, unlessSince.getTime()],
  )
}

export async function deleteRoleRow(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM roles WHERE id = $1', [id])
}

export function arnOfRole(role: Pick<Role, 'account' | 'name' | 'path'>): string {
  return roleArn(role.account, role.name, role.path)
}

function roleOf(row: SqlRow): Role {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('roles.account is not an account id')
  return {
    id: text(row, 'id'),
    account,
    name: text(row, 'name'),
    path: text(row, 'path'),
    description: textOrAbsent(row, 'description'),
    maxSessionSeconds: integer(row, 'max_session_seconds'),
    trust: {
      document: text(row, 'trust_document'),
      principals: readPrincipalIds(text(row, 'trust_principals')),
    },
    boundaryArn: textOrAbsent(row, 'boundary_arn'),
    createdAt: instant(row, 'created_at'),
    lastUsedAt: instantOrAbsent(row, 'last_used_at'),
    lastUsedRegion: textOrAbsent(row, 'last_used_region'),
  }
}
