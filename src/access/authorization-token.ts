// Purpose:  make and read the password that GetAuthorizationToken hands out for /v2.
// Spec:     Amazon ECR API, GetAuthorizationToken: base64 of `AWS:<password>`, valid for 12 hours.
// Input:    the password as a client sends it back; hostile.
// Deviates: the password names only who asked; rights are judged when it is used.
// Unknowns: a password that is altered or of another installation → 'invalid'.
import { openSealed, seal, type SealKeys } from './rules/seal.ts'

export const tokenLifetimeMs = 12 * 3_600_000
const context = 'ecr-token/1'

interface TokenClaims {
  readonly principalId: string
  readonly accessKeyId: string
  readonly expiresAt: Date
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
  const plain = JSON.stringify([claims.principalId, claims.accessKeyId, claims.expiresAt.getTime()])
  return seal(key, nonce, Buffer.from(plain), context).toString('base64url')
}

export function readAuthorizationToken(key: SealKeys, password: string, now: Date): TokenReading {
  if (password.length > 4096) return { kind: 'invalid' }
  const plain = openSealed(key, Buffer.from(password, 'base64url'), context)
  if (plain === undefined) return { kind: 'invalid' }
  const claims: unknown = JSON.parse(plain.toString())
  const members: readonly unknown[] = Array.isArray(claims) ? claims : []
  const [principalId, accessKeyId, expiresAt] = members
  if (typeof principalId !== 'string' || typeof accessKeyId !== 'string') return { kind: 'invalid' }
  if (typeof expiresAt !== 'number') return { kind: 'invalid' }
  if (expiresAt <= now.getTime()) return { kind: 'expired' }
  return { kind: 'valid', claims: { principalId, accessKeyId, expiresAt: new Date(expiresAt) } }
}
