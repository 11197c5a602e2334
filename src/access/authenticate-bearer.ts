import type { Clock } from '../lib/clock.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { callerOf, type Refused } from './authenticate-basic.ts'
import { accessGraceMs, readBearerToken, type TokenKind } from './bearer-token.ts'
import type { Caller } from './caller.ts'
import { findActiveOwner } from './find-access-key.ts'
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
}

/** A token of this registry, while its user exists and the access key that it came from is active. */
export async function authenticateBearer(
  deps: Deps,
  kind: TokenKind,
  token: string,
  source: { readonly sourceAddress: string; readonly secureTransport: boolean },
): Promise<BearerResult> {
  const now = deps.clock.now()
  const graceMs = kind === 'access' ? accessGraceMs : 0
  const believedAt = new Date(now.getTime() - graceMs)
  const read = readBearerToken(kind, deps.bearerKey, token, believedAt)
  if (read.kind !== 'valid') return { kind: 'refused', reason: read.kind }
  const { principalId, accessKeyId, grants } = read.claims
  const user = await findActiveOwner(deps.reader, accessKeyId, principalId)
  if (user === undefined) return { kind: 'refused', reason: 'invalid' }
  const caller = callerOf(user, accessKeyId, 'bearer-token', source)
  const expiresAt = new Date(read.claims.expiresAt.getTime() + graceMs)
  return { kind: 'authenticated', caller, expiresAt, limits: grants }
}
