import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { rootArn, userArn } from '../policy/arn.ts'
import {
  instant,
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
