// A password for a registry's host, from the AWS credentials at hand; kept while it is good.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { writeAtomically } from './docker-config.ts'
import { awsHost } from './reference.ts'
import { authorizationToken, openAwsSession, openSession, type Session } from './session.ts'
import { cacheDirectory, configOf, readText } from './settings.ts'

export interface HostPassword {
  readonly password: string
  readonly expiresAt: Date
}

/** Before a token ends another one is asked for. */
export const renewBeforeMs = 30 * 60_000

/**
 * Undefined for a host that is not the registry's: whoever asks may ask about any host, and a password is sent to the host that it is
 * given for. `127.0.0.1:5080`, without scheme and path.
 */
export async function passwordForHost(host: string): Promise<HostPassword | undefined> {
  const aws = awsHost(host)
  const session = aws === undefined ? openSession(configOf({})) : openAwsSession(aws.region)
  const credentials = await session.ecr.config.credentials().catch(() => undefined)
  if (credentials === undefined) return undefined
  const isEndpoint = session.endpoint !== undefined && isSameHost(host, hostOf(session.endpoint))
  try {
    const token = await tokenOf(session, credentials.accessKeyId)
    const isOwn = isEndpoint || isSameHost(host, hostOf(token.registry))
    return isOwn ? { password: token.password, expiresAt: new Date(token.expiresAt) } : undefined
  } catch (error) {
    // A registry that does not answer keeps nobody from the others.
    if (isEndpoint || aws !== undefined) throw error
    return undefined
  }
}

interface KeptToken {
  readonly password: string
  readonly expiresAt: string
  /** `https://HOST`, as the registry calls itself. */
  readonly registry: string
}

/** Tokens live for hours and pulls ask for them often: one is kept, readable by its owner only. */
async function tokenOf(session: Session, accessKeyId: string): Promise<KeptToken> {
  const name = createHash('sha256').update(`${session.name}\n${accessKeyId}`).digest('hex')
  const file = join(cacheDirectory(), 'tokens', name)
  const kept = readKept(file)
  if (kept !== undefined && Date.parse(kept.expiresAt) - renewBeforeMs > new Date().getTime())
    return kept
  const { password, expiresAt, registry } = await authorizationToken(session)
  const token: KeptToken = { password, expiresAt: expiresAt.toISOString(), registry }
  writeAtomically(file, JSON.stringify(token))
  return token
}

function readKept(file: string): KeptToken | undefined {
  try {
    const parsed: unknown = JSON.parse(readText(file) ?? 'null')
    if (typeof parsed !== 'object' || parsed === null) return undefined
    const { password, expiresAt, registry } = {
      password: '',
      expiresAt: '',
      registry: '',
      ...parsed,
    }
    const texts: readonly unknown[] = [password, expiresAt, registry]
    return texts.every((text) => typeof text === 'string' && text !== '')
      ? { password, expiresAt, registry }
      : undefined
  } catch {
    return undefined
  }
}

/** Of `https://HOST:PORT/v1/` as of `HOST:PORT`. */
export function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

/** This machine has several names. */
function isSameHost(one: string, other: string): boolean {
  return plainHost(one) === plainHost(other)
}

function plainHost(host: string): string {
  return host.toLowerCase().replace(/^(?:localhost|127\.0\.0\.1|\[::1\])(?=:|$)/, 'loopback')
}
