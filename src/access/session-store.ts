import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import {
  integerOrAbsent,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** A user or role whose session it is, as it is now. */
export interface SessionEntity {
  readonly account: AccountId
  readonly name: string
  readonly path: string
  readonly isRoot: boolean
  /** Sessions that were issued before open nothing. */
  readonly revokedBefore: Date | undefined
}

/**
 * What a revocation may name, by primary keys alone: the entity, the entity and the session's name, the session by its key id, and
 * the account, for all of its sessions and tokens.
 * The key id stands with the account, since nothing else says whose it is and nobody ends another account's sessions.
 */
const revokedBefore = (account: string): string =>
  `(SELECT MAX(v.issued_before) FROM session_revocations v
    WHERE v.subject IN ($1, $2, ${account} || '/' || $3, 'account/' || ${account})) AS revoked_before`

/** Undefined when the role is gone or its account is closed. */
export async function findSessionRole(
  reader: SqlReader,
  subjects: readonly [id: string, name: string, session: string],
): Promise<SessionEntity | undefined> {
  const row = await reader.first(
    `SELECT r.account, r.name, r.path, 'role' AS kind, ${revokedBefore('r.account')}
     FROM roles r JOIN accounts a ON a.id = r.account WHERE r.id = $1 AND a.state = 'active'`,
    [...subjects],
  )
  return row === undefined ? undefined : entityOf(row)
}

/** Undefined when the user is gone or its account is closed. */
export async function findSessionUser(
  reader: SqlReader,
  subjects: readonly [id: string, name: string, session: string],
): Promise<SessionEntity | undefined> {
  const row = await reader.first(
    `SELECT u.account, u.name, u.path, u.kind, ${revokedBefore('u.account')}
     FROM users u JOIN accounts a ON a.id = u.account WHERE u.id = $1 AND a.state = 'active'`,
    [...subjects],
  )
  return row === undefined ? undefined : entityOf(row)
}

/** Whether the id is one of the account's roles. */
export async function isRoleOf(
  reader: SqlReader,
  account: AccountId,
  id: string,
): Promise<boolean> {
  const row = await reader.first('SELECT id FROM roles WHERE id = $1 AND account = $2', [
    id,
    account,
  ])
  return row !== undefined
}

/** As a revocation names all sessions and tokens of an account. */
export function accountSubject(account: AccountId): string {
  return `account/${account}`
}

/** A later revocation moves the moment on, an earlier one does not move it back. */
export async function upsertRevocation(
  tx: SqlWriter,
  subject: string,
  issuedBefore: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO session_revocations (subject, issued_before) VALUES ($1, $2)
     ON CONFLICT (subject) DO UPDATE SET issued_before =
       CASE WHEN excluded.issued_before > session_revocations.issued_before
         THEN excluded.issued_before ELSE session_revocations.issued_before END`,
    [subject, issuedBefore.getTime()],
  )
}

/** Keeps the document at least until then; forgets those whose time is over. */
export async function keepSessionPolicy(
  tx: SqlWriter,
  policy: { readonly hash: string; readonly document: string; readonly neededUntil: Date },
  now: Date,
): Promise<void> {
  await tx.run('DELETE FROM session_policies WHERE needed_until < $1', [now.getTime()])
  await tx.run(
    `INSERT INTO session_policies (hash, document, needed_until) VALUES ($1, $2, $3)
     ON CONFLICT (hash) DO UPDATE SET needed_until =
       CASE WHEN excluded.needed_until > session_policies.needed_until
         THEN excluded.needed_until ELSE session_policies.needed_until END`,
    [policy.hash, policy.document, policy.neededUntil.getTime()],
  )
}

export async function findSessionPolicy(
  reader: SqlReader,
  hash: string,
): Promise<string | undefined> {
  const row = await reader.first('SELECT document FROM session_policies WHERE hash = $1', [hash])
  return row === undefined ? undefined : text(row, 'document')
}

function entityOf(row: SqlRow): SessionEntity {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('the account of an identity is not an account id')
  const before = integerOrAbsent(row, 'revoked_before')
  return {
    account,
    name: text(row, 'name'),
    path: text(row, 'path'),
    isRoot: text(row, 'kind') === 'root',
    revokedBefore: before === undefined ? undefined : new Date(before),
  }
}

/** False where the token was used before. Forgets tokens that could not be shown again. */
export async function useIdToken(
  tx: SqlWriter,
  token: {
    readonly account: AccountId
    readonly issuer: string
    readonly tokenId: string
    readonly expiresAt: Date
  },
  now: Date,
): Promise<boolean> {
  await tx.run('DELETE FROM used_id_tokens WHERE expires_at < $1', [now.getTime()])
  const written = await tx.run(
    `INSERT INTO used_id_tokens (account, issuer, token_id, expires_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account, issuer, token_id) DO NOTHING`,
    [token.account, token.issuer, token.tokenId, token.expiresAt.getTime()],
  )
  return written > 0
}
