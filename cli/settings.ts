// The one file of the command line that reads the environment.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { readConfig, secretVariables, type Config } from '../src/config.ts'
import { exitCodes, Failure } from './failure.ts'

export interface GlobalFlags {
  readonly data?: string
  readonly listen?: string
  readonly url?: string
  readonly account?: string
  readonly region?: string
  readonly defaults?: string
  readonly log?: string
}

/** The server's settings as flags, environment and pratique.yaml say; every problem in one message. */
export function configOf(flags: GlobalFlags): Config {
  const result = readConfig({ flags: { ...flags }, environment: process.env, cwd: process.cwd() })
  // What this program starts, and a report of its death, would show them.
  for (const name of secretVariables) Reflect.deleteProperty(process.env, name)
  if (result.kind === 'config') return result.config
  throw new Failure(exitCodes.usage, result.problems.join('\n'), 'README.md lists the settings')
}

/** What a running server wrote beside its data. */
export interface ServerFile {
  readonly url: string
  readonly pid: number
}

export function readServerFile(config: Config): ServerFile | undefined {
  const parsed = readJson(join(config.dataDirectory, 'server.json'))
  if (typeof parsed !== 'object' || parsed === null || !('url' in parsed) || !('pid' in parsed))
    return undefined
  const { url, pid } = parsed
  return typeof url === 'string' && typeof pid === 'number' ? { url, pid } : undefined
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The administrator's key that the first start wrote, in AWS's shared-credentials format. */
export function readCredentialsFile(config: Config): AccessKey | undefined {
  const text = readText(join(config.dataDirectory, 'credentials'))
  const value = (key: string): string | undefined =>
    new RegExp(`^\\s*${key}\\s*=\\s*(\\S+)\\s*$`, 'm').exec(text ?? '')?.[1]
  const accessKeyId = value('aws_access_key_id')
  const secretAccessKey = value('aws_secret_access_key')
  return accessKeyId === undefined || secretAccessKey === undefined
    ? undefined
    : { accessKeyId, secretAccessKey }
}

/** How the user pointed AWS clients somewhere; undefined members are unset. */
export interface AwsEnvironment {
  readonly endpoint: string | undefined
  readonly region: string | undefined
  readonly hasCredentials: boolean
}

export function awsEnvironment(): AwsEnvironment {
  const { env } = process
  return {
    endpoint: env['AWS_ENDPOINT_URL_ECR'] ?? env['AWS_ENDPOINT_URL'],
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
    hasCredentials:
      env['AWS_ACCESS_KEY_ID'] !== undefined ||
      env['AWS_PROFILE'] !== undefined ||
      env['AWS_WEB_IDENTITY_TOKEN_FILE'] !== undefined ||
      env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] !== undefined,
  }
}

/** Docker's configuration, and the file that skopeo prefers when it is set. */
export function dockerConfigFiles(): readonly string[] {
  const { env } = process
  const docker = join(env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json')
  const containers = env['REGISTRY_AUTH_FILE']
  return containers === undefined ? [docker] : [docker, containers]
}

export function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pratique')
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function readJson(path: string): unknown {
  const text = readText(path)
  try {
    const parsed: unknown = text === undefined ? undefined : JSON.parse(text)
    return parsed
  } catch {
    return undefined
  }
}
