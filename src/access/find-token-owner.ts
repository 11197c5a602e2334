import type { Clock } from '../lib/clock.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findActiveOwner } from './find-access-key.ts'
import { findSession } from './find-session.ts'
import { principalOfUser, type Principal } from './principal.ts'
import type { SessionClaims } from './rules/session-claims.ts'

/** Whom a token of ours stands for, while what it was made from would still let them in; undefined otherwise. */
export async function findTokenOwner(
  deps: { readonly reader: SqlReader; readonly clock: Clock },
  token: {
    readonly principalId: string
    readonly accessKeyId: string
    readonly issuedAt: Date
    readonly session: SessionClaims | undefined
  },
): Promise<Principal | undefined> {
  if (token.session !== undefined) return findSession(deps, token.session)
  const user = await findActiveOwner(deps.reader, token)
  return user === undefined ? undefined : principalOfUser(user, token.accessKeyId)
}
