import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { userArn } from '../policy/arn.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAuthorizationToken } from './authorization-token.ts'
import type { Caller } from './caller.ts'
import { findActiveAccessKey } from './find-access-key.ts'
import { findUser, type User } from './principal-store.ts'

export type BasicResult =
  | { readonly kind: 'authenticated'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly reason: 'invalid' | 'expired' }

interface Source {
  readonly sourceAddress: string
  readonly secureTransport: boolean
}

interface Deps {
  readonly reader: SqlReader
  readonly clock: Clock
  readonly tokenKey: Uint8Array
  readonly accessKeyKey: Uint8Array
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
  return { kind: 'authenticated', caller }
}

async function authenticateToken(
  deps: Deps,
  password: string,
  source: Source,
): Promise<BasicResult> {
  const token = readAuthorizationToken(deps.tokenKey, password, deps.clock.now())
  if (token.kind !== 'valid') return { kind: 'refused', reason: token.kind }
  const user = await findUser(deps.reader, token.claims.principalId)
  if (user === undefined) return { kind: 'refused', reason: 'invalid' }
  const caller = callerOf(user, token.claims.accessKeyId, 'ecr-token', source)
  return { kind: 'authenticated', caller }
}

export function callerOf(
  user: User,
  accessKeyId: string,
  method: Caller['method'],
  source: Source,
): Caller {
  return {
    accountId: user.account,
    principalArn: userArn(user.account, user.name),
    principalId: user.id,
    principalName: user.name,
    accessKeyId,
    method,
    ...source,
  }
}

function secretsEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  // Lengths are public (a secret has 40 characters); the comparison itself takes the same time.
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}
