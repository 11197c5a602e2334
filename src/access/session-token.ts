// Purpose:  make and open the session token of temporary credentials.
// Spec:     AWS STS, "Credentials"; SigV4, "X-Amz-Security-Token".
// Input:    the access key id and the token as a client sends them; hostile.
// Deviates: the token carries the session whole, secret included, sealed: any replica verifies a request without a lookup of it.
// Unknowns: a token that is altered, of another key id, of another purpose or of another installation → undefined.
import { Secret } from '../lib/secret.ts'
import {
  readSessionClaims,
  writeSessionClaims,
  type SessionClaims,
} from './rules/session-claims.ts'
import { openSealed, seal, type SealKeys } from './rules/seal.ts'

/** Proxies take headers of 8 KiB; a token of the longest session that is handed out is shorter. */
const longestToken = 6 * 1024

export interface OpenedSession {
  readonly secret: Secret
  readonly claims: SessionClaims
}

/** The token as text of A-Z a-z 0-9 - _; `nonce` is 12 random bytes, used once. */
export function makeSessionToken(key: SealKeys, nonce: Uint8Array, session: OpenedSession): string {
  const plain = JSON.stringify([session.secret.reveal(), writeSessionClaims(session.claims)])
  const context = contextOf(session.claims.accessKeyId)
  return seal(key, nonce, Buffer.from(plain), context).toString('base64url')
}

/** Whether its time is over is not looked at: who signed with it is told so only after the signature was verified. */
export function openSessionToken(
  key: SealKeys,
  accessKeyId: string,
  token: string,
): OpenedSession | undefined {
  if (token.length > longestToken) return undefined
  const plain = openSealed(key, Buffer.from(token, 'base64url'), contextOf(accessKeyId))
  const parsed: unknown = plain === undefined ? undefined : JSON.parse(plain.toString())
  const members: readonly unknown[] = Array.isArray(parsed) ? parsed : []
  const [secret, listed] = members
  const claims = readSessionClaims(listed)
  if (typeof secret !== 'string' || claims?.accessKeyId !== accessKeyId) return undefined
  return { secret: new Secret(secret), claims }
}

/** The key id is bound to the token: one taken from another session does not open. */
function contextOf(accessKeyId: string): string {
  return `session/1/${accessKeyId}`
}
