import { hash } from 'node:crypto'
import { authenticateBasic, type BasicResult, type Refused } from '../access/authenticate-basic.ts'
import { authenticateBearer, type BearerResult } from '../access/authenticate-bearer.ts'
import type { Caller } from '../access/caller.ts'
import type { Principal, Source } from '../access/principal.ts'
import type { Limits } from '../access/rules/scope.ts'
import { BoundedCache } from '../lib/bounded-cache.ts'
import { readAuthorization } from './authorization-header.ts'

/**
 * A verified credential is believed for this long before it is verified again, and no longer than identities stay as they are: a
 * session that is revoked, a key that is made inactive or a user who goes is out with the next request.
 */
const believeMs = 30_000

type Deps = Parameters<typeof authenticateBasic>[0] &
  Parameters<typeof authenticateBearer>[0] & {
    /** Told of keys that come as a password and of sessions of roles; called once for each time that one is verified. */
    readonly recordUse: (principal: Principal) => Promise<void>
    /** Grows whenever an identity, a key or a session is changed. */
    readonly policyEpoch: () => Promise<number>
  }

interface Verified {
  readonly kind: 'authenticated'
  readonly caller: Caller
  /** What a token leaves room for; undefined for credentials that limit nothing. */
  readonly limits: Limits
  readonly expiresAt: Date | undefined
  /** First 12 hex digits of the SHA-256 of a token, by which the audit log tells its uses together; of a key's secret there is none. */
  readonly tokenHash: string | undefined
}

export type HeaderResult =
  | Verified
  | (Refused & { readonly scheme: 'basic' | 'bearer' | 'other' })
  | { readonly kind: 'absent' }

export type HeaderAuthenticator = (
  header: string | undefined,
  source: Source,
) => Promise<HeaderResult>

export interface Authenticator {
  /** `Authorization: Basic` or `Bearer`; for /v2, which holds a token to its scopes. */
  readonly header: HeaderAuthenticator
  /** Basic alone: a token of /v2 opens no other door. */
  readonly basicHeader: HeaderAuthenticator
  readonly password: (
    credentials: { readonly user: string; readonly password: string },
    source: Source,
  ) => Promise<BasicResult>
  readonly refreshToken: (token: string, source: Source) => Promise<BearerResult>
}

/** Remembers verified credentials under a hash, so that no secret is kept. */
export function createAuthenticator(deps: Deps): Authenticator {
  const verified = new BoundedCache<Verified & { readonly epoch: number }>(10_000)
  const header: HeaderAuthenticator = async (text, source) => {
    if (text === undefined) return { kind: 'absent' }
    const now = deps.clock.now()
    const key = hash('sha256', text, 'base64')
    const known = verified.get(key, now)
    // Read before what is verified: a change in between makes the entry old at once.
    const epoch = await deps.policyEpoch()
    if (known?.epoch === epoch) return { ...known, caller: { ...known.caller, ...source } }
    const result = await verify(deps, text, source)
    if (result.kind === 'authenticated') {
      const until = Math.min(now.getTime() + believeMs, result.expiresAt?.getTime() ?? Infinity)
      verified.set(key, { ...result, epoch }, new Date(until))
      const { method, requester } = result.caller
      // A token that a user's key made says nothing of the key; one of a session is the session.
      if (method === 'access-key-basic' || requester.kind === 'assumed-role') {
        await deps.recordUse(result.caller)
      }
    }
    return result
  }
  return {
    header,
    async basicHeader(text, source) {
      const isToken = text !== undefined && readAuthorization(text).scheme === 'bearer'
      return isToken
        ? { kind: 'refused', reason: 'invalid', scheme: 'bearer' }
        : header(text, source)
    },
    password: async (credentials, source) => authenticateBasic(deps, credentials, source),
    refreshToken: async (token, source) => authenticateBearer(deps, 'refresh', token, source),
  }
}

async function verify(deps: Deps, header: string, source: Source): Promise<HeaderResult> {
  const read = readAuthorization(header)
  if (read.scheme === 'other') return { kind: 'refused', reason: 'invalid', scheme: 'other' }
  if (read.scheme === 'bearer') {
    const result = await authenticateBearer(deps, 'access', read.token, source)
    return result.kind === 'refused'
      ? { ...result, scheme: 'bearer' }
      : { ...result, tokenHash: tokenHashOf(read.token) }
  }
  const result = await authenticateBasic(deps, read, source)
  return result.kind === 'refused'
    ? { ...result, scheme: 'basic' }
    : {
        ...result,
        limits: undefined,
        tokenHash: result.caller.method === 'ecr-token' ? tokenHashOf(read.password) : undefined,
      }
}

export function tokenHashOf(token: string): string {
  return hash('sha256', token, 'hex').slice(0, 12)
}
