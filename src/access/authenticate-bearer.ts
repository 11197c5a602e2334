import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { anonymousCaller, anonymousId } from './anonymous.ts'
import type { Refused } from './authenticate-basic.ts'
import {
  accessGraceMs,
  readBearerToken,
  type BearerClaims,
  type TokenKind,
} from './bearer-token.ts'
import type { Caller } from './caller.ts'
import { findTokenOwner } from './find-token-owner.ts'
import { callerOf, type Source } from './principal.ts'
import type { Grant } from './rules/scope.ts'
import type { SealKeys } from './rules/seal.ts'

export type BearerResult =
  | {
      readonly kind: 'authenticated'
      readonly caller: Caller
      /** Until when the credential behind the token holds. */
      readonly expiresAt: Date
      readonly limits: readonly Grant[]
    }
  | Refused

interface Deps {
  readonly reader: SqlReader
  readonly clock: Clock
  readonly bearerKey: SealKeys
  /** The account at whose door callers without a name stand; undefined where they are not let in. */
  readonly anonymousAccount?: AccountId | undefined
}

/** A token of this registry, while its user exists and the access key that it came from is active, or its session holds. */
export async function authenticateBearer(
  deps: Deps,
  kind: TokenKind,
  token: string,
  source: Source,
): Promise<BearerResult> {
  const now = deps.clock.now()
  const graceMs = kind === 'access' ? accessGraceMs : 0
  const believedAt = new Date(now.getTime() - graceMs)
  const read = readBearerToken(kind, deps.bearerKey, token, believedAt)
  if (read.kind !== 'valid') return { kind: 'refused', reason: read.kind }
  if (read.claims.principalId === anonymousId) return anonymous(deps, read.claims, source)
  const principal = await findTokenOwner(deps, read.claims)
  if (principal === undefined) return { kind: 'refused', reason: 'invalid' }
  const caller = callerOf(principal, 'bearer-token', source)
  const graceEndsAt = read.claims.expiresAt.getTime() + graceMs
  // The grace is for a client's clock; a session's end is one that was asked for.
  const sessionEndsAt = principal.session?.expiresAt.getTime() ?? Infinity
  const expiresAt = new Date(Math.min(graceEndsAt, sessionEndsAt))
  return { kind: 'authenticated', caller, expiresAt, limits: read.claims.grants }
}

/** Given out while it was possible; of use only while it still is. */
function anonymous(
  { anonymousAccount }: Deps,
  { expiresAt, grants }: BearerClaims,
  source: Source,
): BearerResult {
  if (anonymousAccount === undefined) return { kind: 'refused', reason: 'invalid' }
  const caller = anonymousCaller(anonymousAccount, source)
  return { kind: 'authenticated', caller, expiresAt, limits: grants }
}
