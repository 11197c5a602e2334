// Purpose:  make and read the password that GetAuthorizationToken hands out for /v2.
// Spec:     Amazon ECR API, GetAuthorizationToken: base64 of `AWS:<password>`, valid for 12 hours.
// Input:    the password as a client sends it back; hostile.
// Deviates: the password names who asked, and their session whole; rights are judged when it is used. It ends with the session.
// Unknowns: a password that is altered or of another installation → 'invalid'.
import { openSealed, seal, type SealKeys } from './rules/seal.ts'
import {
  issueTimeOf,
  readSessionClaims,
  writeSessionClaims,
  type SessionClaims,
} from './rules/session-claims.ts'

export const tokenLifetimeMs = 12 * 3_600_000
const context = 'ecr-token/1'
/** Of a session with everything that one may have. */
const longestToken = 6 * 1024

interface TokenClaims {
  readonly principalId: string
  readonly accessKeyId: string
  /** Of a token that was made before this was kept: 1970. */
  readonly issuedAt: Date
  readonly expiresAt: Date
  /** Of temporary credentials: what was settled when they were made. */
  readonly session: SessionClaims | undefined
}

export type TokenReading =
  | { readonly kind: 'valid'; readonly claims: TokenClaims }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' }

export function makeAuthorizationToken(
  key: SealKeys,
  nonce: Uint8Array,
  claims: TokenClaims,
): string {
  const { principalId, accessKeyId, issuedAt, expiresAt, session } = claims
  const carried = session === undefined ? null : writeSessionClaims(session)
  const times = [expiresAt.getTime(), carried, issuedAt.getTime()]
  const plain = JSON.stringify([principalId, accessKeyId, ...times])
  return seal(key, nonce, Buffer.from(plain), context).toString('base64url')
}

export function readAuthorizationToken(key: SealKeys, password: string, now: Date): TokenReading {
  if (password.length > longestToken) return { kind: 'invalid' }
  const plain = openSealed(key, Buffer.from(password, 'base64url'), context)
  if (plain === undefined) return { kind: 'invalid' }
  const parsed: unknown = JSON.parse(plain.toString())
  const members: readonly unknown[] = Array.isArray(parsed) ? parsed : []
  const [principalId, accessKeyId, expiresAt, carried = null, issuedAt] = members
  if (typeof principalId !== 'string' || typeof accessKeyId !== 'string') return { kind: 'invalid' }
  if (typeof expiresAt !== 'number') return { kind: 'invalid' }
  if (expiresAt <= now.getTime()) return { kind: 'expired' }
  const session = carried === null ? undefined : readSessionClaims(carried)
  // Without its session the token would be the user's own.
  if (carried !== null && session === undefined) return { kind: 'invalid' }
  const times = { issuedAt: issueTimeOf(issuedAt), expiresAt: new Date(expiresAt) }
  const claims = { principalId, accessKeyId, ...times, session }
  return { kind: 'valid', claims }
}
