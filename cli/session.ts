// Where the command line talks to, and as whom.
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import type { Config } from '../src/config.ts'
import { exitCodes, explain, Failure } from './failure.ts'
import { awsEnvironment, readCredentialsFile, readServerFile } from './settings.ts'

export interface Session {
  readonly ecr: ECRClient
  /** Base address of the registry; undefined for AWS itself. */
  readonly endpoint: string | undefined
  /** For messages. */
  readonly name: string
  /** Of AWS: whether manifests may be fetched. Absent, they may not. */
  readonly mayPull?: () => Promise<boolean>
}

/**
 * The environment decides, as for every AWS client. Where it says nothing and a server of this directory runs,
 * that one is meant, with the key that it made: right after `npm start` everything works.
 */
export function openSession(config: Config): Session {
  const { settings, name } = clientSettings(config)
  return { ecr: new ECRClient(settings), endpoint: settings.endpoint, name }
}

interface ClientSettings {
  readonly region: string
  readonly endpoint?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** The same for every service of the server. */
export function clientSettings(config: Config): {
  readonly settings: ClientSettings
  readonly name: string
} {
  const environment = awsEnvironment()
  const region = environment.region ?? config.region
  const isLocal = environment.endpoint === undefined && !environment.hasCredentials
  if (isLocal) {
    const endpoint = readServerFile(config)?.url ?? localUrl(config)
    const credentials = readCredentialsFile(config)
    const known = credentials === undefined ? {} : { credentials }
    return { settings: { region, endpoint, ...known }, name: endpoint }
  }
  const { endpoint } = environment
  const settings = { region, ...(endpoint === undefined ? {} : { endpoint }) }
  return { settings, name: endpoint ?? 'AWS' }
}

/** A session with AWS itself, whatever the environment points at; `endpoint` where its API answers at another address. */
export function openAwsSession(
  region: string,
  endpoint = `https://api.ecr.${region}.amazonaws.com`,
): Session {
  return { ecr: new ECRClient({ region, endpoint }), endpoint: undefined, name: `AWS ${region}` }
}

function localUrl(config: Config): string {
  return config.url ?? `http://${config.listen.host}:${config.listen.port}`
}

/** One call of the SDK, its errors in a person's words. */
export async function ask<T>(session: Session, work: (ecr: ECRClient) => Promise<T>): Promise<T> {
  try {
    return await work(session.ecr)
  } catch (error) {
    throw explain(error, session.name)
  }
}

export interface RegistryToken {
  readonly password: string
  readonly expiresAt: Date
  readonly registry: string
}

export async function authorizationToken(session: Session): Promise<RegistryToken> {
  const answer = await ask(session, (ecr) => ecr.send(new GetAuthorizationTokenCommand({})))
  const [data] = answer.authorizationData ?? []
  const decoded = Buffer.from(data?.authorizationToken ?? '', 'base64').toString()
  if (data?.proxyEndpoint === undefined || !decoded.startsWith('AWS:')) {
    throw new Failure(exitCodes.error, `${session.name} answered without an authorization token`)
  }
  const expiresAt = data.expiresAt ?? new Date(0)
  return { password: decoded.slice(4), expiresAt, registry: data.proxyEndpoint }
}

/** Pratique's own API, for what the AWS operations have no word for. */
export async function callServer(
  session: Session,
  method: string,
  path: string,
  body?: { readonly stream: ReadableStream; readonly type: string },
): Promise<Response> {
  if (session.endpoint === undefined) {
    throw new Failure(
      exitCodes.usage,
      'this command needs a Pratique server',
      'point AWS_ENDPOINT_URL at it: eval "$(npx pratique env)"',
    )
  }
  const { password } = await authorizationToken(session)
  const authorization = `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`
  const options = body === undefined ? {} : { body: body.stream, duplex: 'half' as const }
  const headers = { authorization, ...(body === undefined ? {} : { 'content-type': body.type }) }
  try {
    const response = await fetch(session.endpoint + path, { method, headers, ...options })
    if (!response.ok) throw await refusalOf(response)
    return response
  } catch (error) {
    throw explain(error, session.name)
  }
}

async function refusalOf(response: Response): Promise<Failure> {
  const text = await response.text()
  const parsed = parseError(text)
  const message = parsed?.message ?? `the server answered ${response.status}`
  const suffix = parsed?.requestId === undefined ? '' : ` (request ${parsed.requestId})`
  const isDenied = response.status === 401 || response.status === 403
  const exitCode = isDenied ? exitCodes.notAllowed : exitCodeOf(parsed?.code)
  // A server that has no such path answers without a code of ours.
  const isOther = response.status === 404 && parsed?.code === undefined
  const advice = isOther ? 'does a Pratique server answer at this address?' : undefined
  return new Failure(exitCode, message + suffix, advice)
}

const notFoundCodes = [
  'MANIFEST_UNKNOWN',
  'ADVISORY_UNKNOWN',
  'ADVISORY_SOURCE_UNKNOWN',
  'POSTURE_UNKNOWN',
  'POSTURE_RULES_UNKNOWN',
  'SIGNING_KEY_UNKNOWN',
  'SIGNING_PROFILE_UNKNOWN',
  'SIGNING_RULE_UNKNOWN',
  'CLUSTER_UNKNOWN',
]

function exitCodeOf(code: string | undefined): number {
  if (code?.startsWith('INVENTORY_') === true) return exitCodes.cannotAnswer
  return notFoundCodes.includes(code ?? '') ? exitCodes.notFound : exitCodes.error
}

interface ServerError {
  readonly message: string
  readonly code?: string
  readonly requestId?: string
}

function parseError(text: string): ServerError | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed !== 'object' || parsed === null || !('error' in parsed)) return undefined
    const { error } = parsed
    if (typeof error !== 'object' || error === null || !('message' in error)) return undefined
    return {
      message: String(error.message),
      ...textIn(error, 'code'),
      ...textIn(error, 'requestId'),
    }
  } catch {
    return undefined
  }
}

function textIn<Name extends string>(
  value: object,
  name: Name,
): { readonly [key in Name]?: string } {
  const absent: { readonly [key in Name]?: string } = {}
  const found = Object.entries(value).find(([key]) => key === name)?.[1] as unknown
  return typeof found === 'string' ? { ...absent, [name]: found } : absent
}
