import { hash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAuthorizationToken } from './authorization-token.ts'
import type { Caller } from './caller.ts'
import { findActiveAccessKey, findActiveOwner } from './find-access-key.ts'
import type { SealKeys } from './rules/seal.ts'
import { arnOfUser, type User } from './user-store.ts'

export interface Refused {
  readonly kind: 'refused'
  readonly reason: 'invalid' | 'expired'
}

export type BasicResult =
  | {
      readonly kind: 'authenticated'
      readonly caller: Caller
      /** When the password ends by itself; an access key ends when it is made inactive. */
      readonly expiresAt: Date | undefined
    }
  | Refused

interface Source {
  readonly sourceAddress: string
  readonly secureTransport: boolean
}

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
  const key = await findActiveAccessKey(deps, credentials.user)
  // Unknown ids are compared too, so that the time taken does not tell which ids exist.
  const matches = secretsEqual(key?.secret ?? 'no such access key', credentials.password)
  if (key === undefined || !matches) return { kind: 'refused', reason: 'invalid' }
  const caller = callerOf(key.user, credentials.user, 'access-key-basic', source)
  return { kind: 'authenticated', caller, expiresAt: undefined }
}

async function authenticateToken(
  deps: Deps,
  password: string,
  source: Source,
): Promise<BasicResult> {
  const token = readAuthorizationToken(deps.tokenKey, password, deps.clock.now())
  if (token.kind !== 'valid') return { kind: 'refused', reason: token.kind }
  const { principalId, accessKeyId, expiresAt } = token.claims
  const user = await findActiveOwner(deps.reader, accessKeyId, principalId)
  if (user === undefined) return { kind: 'refused', reason: 'invalid' }
  const caller = callerOf(user, accessKeyId, 'ecr-token', source)
  return { kind: 'authenticated', caller, expiresAt }
}

export function callerOf(
  user: User,
  accessKeyId: string,
  method: Caller['method'],
  source: Source,
): Caller {
  const { account, id } = user
  const arn = arnOfUser(user)
  return {
    accountId: account,
    requester:
      user.kind === 'root' ? { kind: 'root', account } : { kind: 'user', account, id, arn },
    principalArn: arn,
    principalId: id,
    principalName: user.name,
    accessKeyId,
    method,
    session: undefined,
    ...source,
  }
}

function secretsEqual(expected: string, given: string): boolean {
  // Of one length whatever was given, so that the comparison takes place for every length and every id.
  return timingSafeEqual(hash('sha256', expected, 'buffer'), hash('sha256', given, 'buffer'))
}
