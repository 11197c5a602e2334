import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { rootArn, userArn } from '../policy/arn.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface User {
  /** `AIDA…`; of root the account's id. */
  readonly id: string
  readonly account: AccountId
  readonly kind: 'user' | 'root'
  readonly name: string
  /** `/` or `/team/`. */
  readonly path: string
  readonly boundaryArn: string | undefined
  readonly createdAt: Date
}

/** A part of a list that is ordered by name. */
export interface NamePage {
  /** The lower-case name that the page begins behind; nothing for the first. */
  readonly after: string
  /** `/` for all. */
  readonly pathPrefix: string
  readonly limit: number
}

export const userColumns =
  'u.id, u.account, u.kind, u.name, u.path, u.boundary_arn, u.created_at AS user_created_at'

/** Root's name can be no user's: no name has a colon. */
const rootKey = ':root'

export async function insertUser(tx: SqlWriter, user: User): Promise<void> {
  const key = user.kind === 'root' ? rootKey : user.name.toLowerCase()
  await tx.run(
    `INSERT INTO users (id, account, kind, name, name_key, path, boundary_arn, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      user.id,
      user.account,
      user.kind,
      user.name,
      key,
      user.path,
      user.boundaryArn ?? null,
      user.createdAt.getTime(),
    ],
  )
}

export async function findUser(reader: SqlReader, id: string): Promise<User | undefined> {
  const row = await reader.first(`SELECT ${userColumns} FROM users u WHERE u.id = $1`, [id])
  return row === undefined ? undefined : userOf(row)
}

/** Without regard to case; never root. */
export async function findUserByName(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<User | undefined> {
  const row = await reader.first(
    `SELECT ${userColumns} FROM users u WHERE u.account = $1 AND u.name_key = $2 AND u.kind = 'user'`,
    [account, name.toLowerCase()],
  )
  return row === undefined ? undefined : userOf(row)
}

/** By name, from behind `after`; never root. */
export async function listUsers(
  reader: SqlReader,
  account: AccountId,
  page: NamePage,
): Promise<readonly User[]> {
  const rows = await reader.all(
    `SELECT ${userColumns} FROM users u WHERE u.account = $1 AND u.kind = 'user' AND u.name_key > $2
     AND substr(u.path, 1, length($3)) = $3 ORDER BY u.name_key LIMIT $4`,
    [account, page.after, page.pathPrefix, page.limit],
  )
  return rows.map(userOf)
}

export async function countUsers(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first(
    `SELECT COUNT(*) AS n FROM users WHERE account = $1 AND kind = 'user'`,
    [account],
  )
  return row === undefined ? 0 : integer(row, 'n')
}

export async function renameUser(
  tx: SqlWriter,
  id: string,
  to: { readonly name: string; readonly path: string },
): Promise<void> {
  await tx.run('UPDATE users SET name = $2, name_key = $3, path = $4 WHERE id = $1', [
    id,
    to.name,
    to.name.toLowerCase(),
    to.path,
  ])
}

export async function putUserBoundary(
  tx: SqlWriter,
  id: string,
  boundaryArn: string | undefined,
): Promise<void> {
  await tx.run('UPDATE users SET boundary_arn = $2 WHERE id = $1', [id, boundaryArn ?? null])
}

export async function deleteUserRow(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM users WHERE id = $1', [id])
}

export async function hasUsers(reader: SqlReader): Promise<boolean> {
  return (await reader.first('SELECT id FROM users LIMIT 1')) !== undefined
}

export function arnOfUser(user: Pick<User, 'account' | 'kind' | 'name' | 'path'>): string {
  return user.kind === 'root' ? rootArn(user.account) : userArn(user.account, user.name, user.path)
}

/** Of a row that has `userColumns`. */
export function userOf(row: SqlRow): User {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('users.account is not an account id')
  return {
    id: text(row, 'id'),
    account,
    kind: text(row, 'kind') === 'root' ? 'root' : 'user',
    name: text(row, 'name'),
    path: text(row, 'path'),
    boundaryArn: textOrAbsent(row, 'boundary_arn'),
    createdAt: instant(row, 'user_created_at'),
  }
}
