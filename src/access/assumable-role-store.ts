import type { AccountId } from '../policy/account-id.ts'
import { integer, text, type SqlReader } from '../storage/database/database.ts'
import { readPrincipalIds } from './rules/principal-ids.ts'

/** What of a role decides whether and how it may be entered. */
export interface AssumableRole {
  readonly id: string
  readonly account: AccountId
  readonly name: string
  readonly path: string
  readonly maxSessionSeconds: number
  readonly trustDocument: string
  /** The unique ids of the principals that the document names by ARN. */
  readonly trustPrincipals: ReadonlyMap<string, string>
}

/** Undefined also where the account is closed. */
export async function findAssumableRole(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<AssumableRole | undefined> {
  const row = await reader.first(
    `SELECT r.id, r.name, r.path, r.max_session_seconds, r.trust_document, r.trust_principals
     FROM roles r JOIN accounts a ON a.id = r.account
     WHERE r.account = $1 AND r.name_key = $2 AND a.state = 'active'`,
    [account, name.toLowerCase()],
  )
  if (row === undefined) return undefined
  return {
    id: text(row, 'id'),
    account,
    name: text(row, 'name'),
    path: text(row, 'path'),
    maxSessionSeconds: integer(row, 'max_session_seconds'),
    trustDocument: text(row, 'trust_document'),
    trustPrincipals: readPrincipalIds(text(row, 'trust_principals')),
  }
}
