import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { parseArn } from '../policy/arn.ts'
import { text, type SqlReader } from '../storage/database/database.ts'
import { accountExists } from './account-store.ts'

/** What stands behind an ARN that a policy names: one of ours by its unique id, nobody, or somebody whom we do not know. */
export type NamedPrincipal =
  | { readonly kind: 'entity'; readonly id: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'foreign' }

const statements = {
  user: `SELECT id FROM users WHERE account = $1 AND name_key = $2 AND name = $3 AND path = $4 AND kind = 'user'`,
  role: 'SELECT id FROM roles WHERE account = $1 AND name_key = $2 AND name = $3 AND path = $4',
} as const

/** The user or role of an ARN `arn:aws:iam::ACCOUNT:user/PATH/NAME`; an account that is not here is foreign. */
export async function findNamedPrincipal(reader: SqlReader, arn: string): Promise<NamedPrincipal> {
  const parsed = parseArn(arn)
  const [, kind, path, name = ''] =
    /^(user|role)(\/(?:.*\/)?)([^/]+)$/.exec(parsed?.resource ?? '') ?? []
  const account = parsed?.account
  if (account === undefined || (kind !== 'user' && kind !== 'role') || path === undefined) {
    return { kind: 'absent' }
  }
  if (!(await accountExists(reader, account))) return { kind: 'foreign' }
  const row = await reader.first(statements[kind], [account, name.toLowerCase(), name, path])
  return row === undefined ? { kind: 'absent' } : { kind: 'entity', id: text(row, 'id') }
}

/** As it is called now; undefined for one that was deleted. */
export async function findArnOfPrincipal(
  reader: SqlReader,
  id: string,
): Promise<string | undefined> {
  const row = await reader.first(
    `SELECT 'user' AS kind, account, path, name FROM users WHERE id = $1 AND kind = 'user'
     UNION ALL SELECT 'role', account, path, name FROM roles WHERE id = $1`,
    [id],
  )
  if (row === undefined) return undefined
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('the account of a principal is not an account id')
  return `arn:aws:iam::${account}:${text(row, 'kind')}${text(row, 'path')}${text(row, 'name')}`
}

export async function findRoleIdByName(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<string | undefined> {
  const row = await reader.first(
    'SELECT id FROM roles WHERE account = $1 AND name_key = $2 AND name = $3',
    [account, name.toLowerCase(), name],
  )
  return row === undefined ? undefined : text(row, 'id')
}
