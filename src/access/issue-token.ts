import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { accessLifetimeMs, makeBearerToken, refreshLifetimeMs } from './bearer-token.ts'
import type { Caller } from './caller.ts'
import { claimsOfCaller } from './carry-session.ts'
import type { Grant } from './rules/scope.ts'
import type { SealKeys } from './rules/seal.ts'

export interface IssuedToken {
  readonly token: string
  readonly issuedAt: Date
  /** Whole seconds, at least one. */
  readonly expiresInSeconds: number
  readonly refreshToken: string | undefined
}

/**
 * A token that says who asked and what it may be used for at most. None outlives the credential that it is made from, so
 * that nobody turns a password of twelve hours into a longer one.
 */
export function issueToken(
  deps: { readonly clock: Clock; readonly ids: Ids; readonly bearerKey: SealKeys },
  input: {
    readonly caller: Caller
    /** When the credential ends; undefined for an access key, which ends when it is made inactive. */
    readonly credentialEndsAt: Date | undefined
    readonly grants: readonly Grant[]
    readonly withRefreshToken: boolean
  },
): IssuedToken {
  const { principalId, accessKeyId = '' } = input.caller
  const session = claimsOfCaller(input.caller)
  const issuedAt = deps.clock.now()
  const untilEnd = (lifetimeMs: number): Date => {
    const end = input.credentialEndsAt?.getTime() ?? Number.MAX_SAFE_INTEGER
    return new Date(Math.min(issuedAt.getTime() + lifetimeMs, end))
  }
  const make = (kind: 'access' | 'refresh', expiresAt: Date, grants: readonly Grant[]): string => {
    const claims = { principalId, accessKeyId, issuedAt, expiresAt, grants, session }
    return makeBearerToken(kind, deps.bearerKey, deps.ids.bytes(12), claims)
  }
  const expiresAt = untilEnd(accessLifetimeMs)
  const seconds = Math.floor((expiresAt.getTime() - issuedAt.getTime()) / 1000)
  return {
    token: make('access', expiresAt, input.grants),
    issuedAt,
    expiresInSeconds: Math.max(seconds, 1),
    refreshToken: input.withRefreshToken
      ? make('refresh', untilEnd(refreshLifetimeMs), [])
      : undefined,
  }
}
