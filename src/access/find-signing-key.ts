import type { Secret } from '../lib/secret.ts'
import type { Clock } from '../lib/clock.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findActiveAccessKey } from './find-access-key.ts'
import { findSession } from './find-session.ts'
import { principalOfUser, type Principal } from './principal.ts'
import { openSessionToken } from './session-token.ts'
import type { SealKeys } from './rules/seal.ts'

/** What a signature is held against, and whom it then stands for. */
export type SigningKey =
  | { readonly kind: 'active'; readonly secret: Secret; readonly principal: Principal }
  /** Of a session whose time is over: told to whoever signed with its secret, and to nobody else. */
  | { readonly kind: 'expired'; readonly secret: Secret }

/**
 * The secret behind an access key id: with a session token what the token holds, without one what is stored. Undefined for an
 * unknown or inactive key, a session that was revoked or is of somebody who is gone, a token that is not the key's, a lasting
 * key with a token, and a temporary one without: a caller cannot tell these apart.
 */
export async function findSigningKey(
  deps: {
    readonly reader: SqlReader
    readonly clock: Clock
    readonly accessKeyKey: SealKeys
    readonly sessionKey: SealKeys
  },
  accessKeyId: string,
  sessionToken: string | undefined,
): Promise<SigningKey | undefined> {
  if (sessionToken === undefined) {
    const key = await findActiveAccessKey(deps, accessKeyId)
    if (key === undefined) return undefined
    const principal = principalOfUser(key.user, accessKeyId)
    return { kind: 'active', secret: key.secret, principal }
  }
  const session = openSessionToken(deps.sessionKey, accessKeyId, sessionToken)
  if (session === undefined) return undefined
  const { secret, claims } = session
  if (claims.expiresAt.getTime() <= deps.clock.now().getTime()) return { kind: 'expired', secret }
  const principal = await findSession(deps, claims)
  return principal === undefined ? undefined : { kind: 'active', secret, principal }
}
