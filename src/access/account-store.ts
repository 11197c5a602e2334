import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface Account {
  readonly id: AccountId
  /** Of a closed one no credential opens anything; what it has stays. */
  readonly state: 'active' | 'closed'
  readonly alias: string | undefined
  readonly createdAt: Date
}

const columns = 'id, state, alias, created_at'

export async function insertAccount(tx: SqlWriter, id: AccountId, now: Date): Promise<void> {
  await tx.run('INSERT INTO accounts (id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    id,
    now.getTime(),
  ])
}

/** A closed account exists: its id still addresses what it has. */
export async function accountExists(reader: SqlReader, id: string): Promise<boolean> {
  return (await reader.first('SELECT id FROM accounts WHERE id = $1', [id])) !== undefined
}

export async function findAccount(reader: SqlReader, id: AccountId): Promise<Account | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM accounts WHERE id = $1`, [id])
  return row === undefined ? undefined : accountOf(row)
}

export async function findAccountByAlias(
  reader: SqlReader,
  alias: string,
): Promise<Account | undefined> {
  const row = await reader.first(`SELECT ${columns} FROM accounts WHERE alias = $1`, [alias])
  return row === undefined ? undefined : accountOf(row)
}

/** All of the installation, by id. */
export async function listAccounts(reader: SqlReader): Promise<readonly Account[]> {
  return (await reader.all(`SELECT ${columns} FROM accounts ORDER BY id`)).map(accountOf)
}

/** Undefined takes the alias away. */
export async function putAccountAlias(
  tx: SqlWriter,
  id: AccountId,
  alias: string | undefined,
): Promise<void> {
  await tx.run('UPDATE accounts SET alias = $2 WHERE id = $1', [id, alias ?? null])
}

export async function putAccountState(
  tx: SqlWriter,
  id: AccountId,
  state: Account['state'],
): Promise<void> {
  await tx.run('UPDATE accounts SET state = $2 WHERE id = $1', [id, state])
}

/** What an account has of each kind. */
export interface AccountCounts {
  readonly users: number
  readonly groups: number
  readonly roles: number
  readonly policies: number
  readonly policyVersions: number
  readonly providers: number
  readonly rootKeys: number
}

export async function countOfAccount(reader: SqlReader, id: AccountId): Promise<AccountCounts> {
  const row = await reader.first(
    `SELECT (SELECT COUNT(*) FROM users WHERE account = $1 AND kind = 'user') AS users,
       (SELECT COUNT(*) FROM user_groups WHERE account = $1) AS groups,
       (SELECT COUNT(*) FROM roles WHERE account = $1) AS roles,
       (SELECT COUNT(*) FROM managed_policies WHERE account = $1) AS policies,
       (SELECT COUNT(*) FROM managed_policy_versions v JOIN managed_policies p ON p.id = v.policy_id
        WHERE p.account = $1) AS versions,
       (SELECT COUNT(*) FROM oidc_providers WHERE account = $1) AS providers,
       (SELECT COUNT(*) FROM access_keys WHERE user_id = $1) AS root_keys`,
    [id],
  )
  if (row === undefined) throw new Error('a statement without a table gave no row')
  return {
    users: integer(row, 'users'),
    groups: integer(row, 'groups'),
    roles: integer(row, 'roles'),
    policies: integer(row, 'policies'),
    policyVersions: integer(row, 'versions'),
    providers: integer(row, 'providers'),
    rootKeys: integer(row, 'root_keys'),
  }
}

function accountOf(row: SqlRow): Account {
  const id = parseAccountId(text(row, 'id'))
  if (id === undefined) throw new Error('accounts.id is not an account id')
  return {
    id,
    state: text(row, 'state') === 'active' ? 'active' : 'closed',
    alias: textOrAbsent(row, 'alias'),
    createdAt: instant(row, 'created_at'),
  }
}
