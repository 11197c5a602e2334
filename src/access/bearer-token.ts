// Purpose:  make and read the tokens of Docker's token protocol: for access to /v2, and to ask for more of these.
// Spec:     distribution "Token Authentication Specification" and "OAuth2 Token Authentication"; RFC 6750.
// Input:    the token as a client sends it back; hostile.
// Deviates: a token is sealed and no JWT, since nobody but this registry reads it.
// Unknowns: a token that is altered, of the other kind or of another installation → 'invalid'.
import { openSealed, seal, type SealKeys } from './rules/seal.ts'
import { scopeActions, type Grant } from './rules/scope.ts'
import {
  issueTimeOf,
  readSessionClaims,
  writeSessionClaims,
  type SessionClaims,
} from './rules/session-claims.ts'

/** What clients are told; they ask for a new token then. */
export const accessLifetimeMs = 5 * 60_000
/**
 * A token is believed for longer than its client is told: many cannot send a body again after a 401, and a clock that is
 * behind, or an answer on its way, must not cost a push.
 */
export const accessGraceMs = 5 * 60_000
/** Ends earlier with its access key, and with the credential that it was made from. */
export const refreshLifetimeMs = 30 * 86_400_000
/** Of a session with everything that one may have, and with as many grants as the door gives. */
const longestToken = 10 * 1024

export type TokenKind = 'access' | 'refresh'

export interface BearerClaims {
  readonly principalId: string
  readonly accessKeyId: string
  /** Of a token that was made before this was kept: 1970. */
  readonly issuedAt: Date
  readonly expiresAt: Date
  /** The most that may be done with it; of a refresh token, nothing. */
  readonly grants: readonly Grant[]
  /** Of temporary credentials: what was settled when they were made. */
  readonly session: SessionClaims | undefined
}

export type BearerReading =
  | { readonly kind: 'valid'; readonly claims: BearerClaims }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' }

export function makeBearerToken(
  kind: TokenKind,
  key: SealKeys,
  nonce: Uint8Array,
  claims: BearerClaims,
): string {
  const { principalId, accessKeyId, issuedAt, expiresAt, grants, session } = claims
  const listed = grants.map(({ resource, actions }) => [resource, actions.join(',')])
  const carried = session === undefined ? null : writeSessionClaims(session)
  const rest = [expiresAt.getTime(), listed, carried, issuedAt.getTime()]
  const plain = JSON.stringify([principalId, accessKeyId, ...rest])
  return seal(key, nonce, Buffer.from(plain), contextOf(kind)).toString('base64url')
}

export function readBearerToken(
  kind: TokenKind,
  key: SealKeys,
  token: string,
  now: Date,
): BearerReading {
  if (token.length > longestToken) return { kind: 'invalid' }
  const plain = openSealed(key, Buffer.from(token, 'base64url'), contextOf(kind))
  const members: unknown = plain === undefined ? undefined : JSON.parse(plain.toString())
  const [principalId, accessKeyId, expiresAt, listed, carried = null, issuedAt] = listOf(members)
  if (typeof principalId !== 'string' || typeof accessKeyId !== 'string') return { kind: 'invalid' }
  if (typeof expiresAt !== 'number') return { kind: 'invalid' }
  if (expiresAt <= now.getTime()) return { kind: 'expired' }
  const session = carried === null ? undefined : readSessionClaims(carried)
  // Without its session the token would be the user's own.
  if (carried !== null && session === undefined) return { kind: 'invalid' }
  const grants = listOf(listed).flatMap(readGrant)
  const times = { issuedAt: issueTimeOf(issuedAt), expiresAt: new Date(expiresAt) }
  const claims = { principalId, accessKeyId, ...times, grants, session }
  return { kind: 'valid', claims }
}

function contextOf(kind: TokenKind): string {
  return `bearer/${kind}/1`
}

function readGrant(value: unknown): readonly Grant[] {
  const [resource, list] = listOf(value)
  if (typeof resource !== 'string' || typeof list !== 'string') return []
  const named = new Set(list.split(','))
  const actions = [...scopeActions, 'catalog' as const].filter((action) => named.has(action))
  return [{ resource, actions }]
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
