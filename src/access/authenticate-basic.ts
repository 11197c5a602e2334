import { hash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAuthorizationToken } from './authorization-token.ts'
import type { Caller } from './caller.ts'
import { findActiveAccessKey } from './find-access-key.ts'
import { findTokenOwner } from './find-token-owner.ts'
import { callerOf, principalOfUser, type Source } from './principal.ts'
import type { SealKeys } from './rules/seal.ts'

export interface Refused {
  readonly kind: 'refused'
  /** `temporary`: an `ASIA…` key, for whose session token HTTP Basic has no place. */
  readonly reason: 'invalid' | 'expired' | 'temporary'
}

export type BasicResult =
  | {
      readonly kind: 'authenticated'
      readonly caller: Caller
      /** When the password ends by itself; an access key ends when it is made inactive. */
      readonly expiresAt: Date | undefined
    }
  | Refused

interface Deps {
  readonly reader: SqlReader
  readonly clock: Clock
  readonly tokenKey: SealKeys
  readonly accessKeyKey: SealKeys
}

/** User `AWS` with an authorization token, or an access key id with its secret. */
export async function authenticateBasic(
  deps: Deps,
  credentials: { readonly user: string; readonly password: string },
  source: Source,
): Promise<BasicResult> {
  if (credentials.user === 'AWS') return authenticateToken(deps, credentials.password, source)
  if (isTemporary(credentials.user)) return { kind: 'refused', reason: 'temporary' }
  const key = await findActiveAccessKey(deps, credentials.user)
  // Unknown ids are compared too, so that the time taken does not tell which ids exist.
  const matches = secretsEqual(key?.secret.reveal() ?? 'no such access key', credentials.password)
  if (key === undefined || !matches) return { kind: 'refused', reason: 'invalid' }
  const principal = principalOfUser(key.user, credentials.user)
  const caller = callerOf(principal, 'access-key-basic', source)
  return { kind: 'authenticated', caller, expiresAt: undefined }
}

async function authenticateToken(
  deps: Deps,
  password: string,
  source: Source,
): Promise<BasicResult> {
  const token = readAuthorizationToken(deps.tokenKey, password, deps.clock.now())
  if (token.kind !== 'valid') return { kind: 'refused', reason: token.kind }
  const principal = await findTokenOwner(deps, token.claims)
  if (principal === undefined) return { kind: 'refused', reason: 'invalid' }
  const caller = callerOf(principal, 'ecr-token', source)
  return { kind: 'authenticated', caller, expiresAt: token.claims.expiresAt }
}

/** The form tells no secret: who has such a key knows that it is one. */
function isTemporary(accessKeyId: string): boolean {
  return /^ASIA[A-Z2-7]{16}$/.test(accessKeyId)
}

function secretsEqual(expected: string, given: string): boolean {
  // Of one length whatever was given, so that the comparison takes place for every length and every id.
  return timingSafeEqual(hash('sha256', expected, 'buffer'), hash('sha256', given, 'buffer'))
}
