import { Secret } from '../lib/secret.ts'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { Database } from '../storage/database/database.ts'
import type { SessionFacts } from './caller.ts'
import { claimsOf } from './carry-session.ts'
import type { SessionOwner } from './rules/session-claims.ts'
import { keepSessionPolicy } from './session-store.ts'
import { makeSessionToken } from './session-token.ts'
import { uniqueId } from './rules/unique-id.ts'
import type { SealKeys } from './rules/seal.ts'

export interface TemporaryCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** Whole seconds, as the wire has it. */
  readonly expiresAt: Date
}

export interface NewSession extends Omit<SessionFacts, 'issuedAt' | 'expiresAt'> {
  readonly owner: SessionOwner
  readonly durationSeconds: number
}

/** Makes credentials that nobody has to look up: the token holds the session. Policies too long for it are stored first. */
export async function issueSession(
  deps: {
    readonly database: Database
    readonly clock: Clock
    readonly ids: Ids
    readonly sessionKey: SealKeys
  },
  { durationSeconds, ...session }: NewSession,
): Promise<TemporaryCredentials> {
  const { database, clock, ids, sessionKey } = deps
  const issuedAt = clock.now()
  const endsAtSecond = Math.floor(issuedAt.getTime() / 1000) + durationSeconds
  const expiresAt = new Date(endsAtSecond * 1000)
  const accessKeyId = uniqueId((size) => ids.bytes(size), 'ASIA')
  const secret = ids.bytes(30).toString('base64')
  const claims = claimsOf({ ...session, issuedAt, expiresAt, accessKeyId })
  const stored = claims.policies.flatMap((policy, index) => {
    const document = session.policies[index] ?? ''
    return 'hash' in policy ? [{ hash: policy.hash, document, neededUntil: expiresAt }] : []
  })
  if (stored.length > 0) {
    await database.transaction(async (tx) => {
      for (const policy of stored) await keepSessionPolicy(tx, policy, issuedAt)
    })
  }
  const sessionToken = makeSessionToken(sessionKey, ids.bytes(12), {
    secret: new Secret(secret),
    claims,
  })
  return { accessKeyId, secretAccessKey: secret, sessionToken, expiresAt }
}
