// The product as a user runs it: a child process on a free port and a directory of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { ECRClient } from '@aws-sdk/client-ecr'
import { fileOfProgram } from './bundle-programs.ts'
import { temporaryDirectory } from './database.ts'

export const program = fileOfProgram('pratique', 'bin/pratique.js')

export interface ServerProcess {
  readonly url: string
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly pid: number
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** What `eval "$(pratique env)"` would set, on top of the test's own environment. */
  readonly environment: NodeJS.ProcessEnv
  readonly ecr: ECRClient
  /** Ends it as the system would: SIGKILL leaves no time for anything. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** A line of the server's log. */
export interface LoggedRequest {
  readonly method: string
  readonly path: string
  readonly status: number
}

export interface ServerOptions {
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Told of every request that was answered, in that order. */
  readonly onRequest?: (request: LoggedRequest) => void
  /** Told of everything that it writes, to both streams; its log is on. */
  readonly onOutput?: (text: string) => void
}

/** Starts a server; it ends with the test at the latest. */
export async function startServer(
  t: TestContext,
  options: ServerOptions = {},
): Promise<ServerProcess> {
  const directory = options.directory ?? (await temporaryDirectory(t))
  const isQuiet = options.onRequest === undefined && options.onOutput === undefined
  const child = spawn(process.execPath, [program, 'serve'], {
    env: {
      ...withoutSettings(process.env),
      PRATIQUE_DATA: directory,
      PRATIQUE_LISTEN: '127.0.0.1:0',
      PRATIQUE_FEED_EVERY_MINUTES: '0',
      PRATIQUE_LOG: isQuiet ? 'silent' : 'json',
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', isQuiet ? 'inherit' : 'pipe'],
  })
  const { onOutput } = options
  if (onOutput !== undefined) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (piece: Buffer) => onOutput(piece.toString()))
  }
  if (options.onRequest !== undefined) tellOfRequests(child, options.onRequest)
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  t.after(() => stop('SIGKILL'))
  const url = await readinessUrl(child)
  const keys = await readCredentials(join(directory, 'credentials'))
  const ecr = new ECRClient({ endpoint: url, region: 'us-east-1', credentials: keys })
  t.after(() => ecr.destroy())
  return {
    url,
    host: new URL(url).host,
    pid: child.pid ?? 0,
    ...keys,
    environment: environmentFor(url, keys, directory),
    ecr,
    stop,
  }
}

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

function environmentFor(url: string, keys: Keys, directory: string): NodeJS.ProcessEnv {
  return {
    ...withoutSettings(process.env),
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    PRATIQUE_FEED_EVERY_MINUTES: '0',
    PRATIQUE_DATA: directory,
    DOCKER_CONFIG: join(directory, 'docker-config'),
    REGISTRY_AUTH_FILE: join(directory, 'auth.json'),
    XDG_CACHE_HOME: join(directory, 'cache'),
  }
}

/** The developer's own settings and identities must not reach a test. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) =>
      (!name.startsWith('PRATIQUE_') || name === 'PRATIQUE_TEST_DATA') &&
      (!name.startsWith('AWS_') || name === 'AWS_CA_BUNDLE'),
  )
  return Object.fromEntries(kept)
}

function tellOfRequests(child: ChildProcess, tell: (request: LoggedRequest) => void): void {
  if (child.stderr === null) throw new Error('no stderr')
  createInterface({ input: child.stderr }).on('line', (line) => {
    // What is not a line of the log is a fault that somebody must see.
    if (!line.startsWith('{')) return void process.stderr.write(`${line}\n`)
    const entry = JSON.parse(line) as LoggedRequest & { readonly event?: string }
    if (entry.event === 'request') tell(entry)
  })
}

async function readinessUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^pratique listening on (\S+)/.exec(line)?.[1]
    if (url === undefined) continue
    child.stdout.resume()
    return url
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  throw new Error(`the server ended (${child.exitCode}) before it was ready`)
}

async function readCredentials(file: string): Promise<Keys> {
  const content = await readFile(file, 'utf8')
  const value = (key: string): string => new RegExp(`^${key} = (.+)$`, 'm').exec(content)?.[1] ?? ''
  return {
    accessKeyId: value('aws_access_key_id'),
    secretAccessKey: value('aws_secret_access_key'),
  }
}
