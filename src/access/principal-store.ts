import type { AccountId } from '../policy/account-id.ts'
import { parseAccountId } from '../policy/account-id.ts'
import {
  bytes,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface User {
  readonly id: string
  readonly account: AccountId
  readonly name: string
  readonly isAdministrator: boolean
}

/** An access key as stored: its secret is sealed under the master key. */
export interface StoredAccessKey {
  readonly id: string
  readonly sealedSecret: Uint8Array
  readonly isActive: boolean
  readonly user: User
}

const administratorAccess = 'arn:aws:iam::aws:policy/AdministratorAccess'
const isAdministrator = `EXISTS (SELECT 1 FROM attached_policies a WHERE a.owner_id = u.id
  AND a.policy_arn = '${administratorAccess}') AS is_administrator`

export async function insertAccount(tx: SqlWriter, id: AccountId, now: Date): Promise<void> {
  await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    id,
    now.getTime(),
  ])
}

export async function insertUser(tx: SqlWriter, user: User, now: Date): Promise<void> {
  await tx.run(
    'INSERT INTO users (id, account, name, name_key, created_at) VALUES ($1, $2, $3, $4, $5)',
    [user.id, user.account, user.name, user.name.toLowerCase(), now.getTime()],
  )
  if (!user.isAdministrator) return
  await tx.run(
    'INSERT INTO attached_policies (owner_id, policy_arn, attached_at) VALUES ($1, $2, $3)',
    [user.id, administratorAccess, now.getTime()],
  )
}

export async function insertAccessKey(
  tx: SqlWriter,
  key: { readonly id: string; readonly userId: string; readonly sealedSecret: Uint8Array },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO access_keys (id, user_id, secret, status, created_at) VALUES ($1, $2, $3, 'Active', $4)`,
    [key.id, key.userId, key.sealedSecret, now.getTime()],
  )
}

export async function findAccessKey(
  reader: SqlReader,
  id: string,
): Promise<StoredAccessKey | undefined> {
  const row = await reader.first(
    `SELECT k.id AS key_id, k.secret, k.status, u.id, u.account, u.name, ${isAdministrator}
     FROM access_keys k JOIN users u ON u.id = k.user_id WHERE k.id = $1`,
    [id],
  )
  if (row === undefined) return undefined
  return {
    id: text(row, 'key_id'),
    sealedSecret: bytes(row, 'secret'),
    isActive: text(row, 'status') === 'Active',
    user: userOf(row),
  }
}

export async function findUser(reader: SqlReader, id: string): Promise<User | undefined> {
  const row = await reader.first(
    `SELECT u.id, u.account, u.name, ${isAdministrator} FROM users u WHERE u.id = $1`,
    [id],
  )
  return row === undefined ? undefined : userOf(row)
}

export async function hasUsers(reader: SqlReader): Promise<boolean> {
  return (await reader.first('SELECT id FROM users LIMIT 1')) !== undefined
}

export async function accountExists(reader: SqlReader, id: string): Promise<boolean> {
  return (await reader.first('SELECT id FROM accounts WHERE id = $1', [id])) !== undefined
}

function userOf(row: SqlRow): User {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('users.account is not an account id')
  return {
    id: text(row, 'id'),
    account,
    name: text(row, 'name'),
    isAdministrator: integer(row, 'is_administrator') === 1,
  }
}
