// A registry for real clients, and a home of their own: what they write stays below one directory that the test removes.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  CreateRepositoryCommand,
  GetAuthorizationTokenCommand,
  type ImageTagMutability,
} from '@aws-sdk/client-ecr'
import { temporaryDirectory } from './database.ts'
import { digestOf } from './image-layout.ts'
import { run, type Finished } from './run.ts'
import { startServer, type LoggedRequest, type ServerProcess } from './server-process.ts'

interface RunOptions {
  readonly input?: string
  readonly cwd?: string
  /** On top of the home's. */
  readonly env?: Readonly<Record<string, string>>
}

export interface ClientRegistry {
  readonly server: ServerProcess
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** For the test's own files; the clients' home is a part of it. */
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  /** The password of the user name `AWS`. */
  readonly password: string
  createRepository(name: string, mutability?: ImageTagMutability): Promise<void>
  /** Runs a client that must succeed; what it printed on stdout. */
  succeed(program: string, args: readonly string[], options?: RunOptions): Promise<string>
  /** Runs a client that must fail; everything that it printed. */
  fail(program: string, args: readonly string[], options?: RunOptions): Promise<string>
  /** Runs a client whose input does not end, and kills it when the server has answered such a request. */
  interrupt(
    program: string,
    args: readonly string[],
    input: Buffer,
    when: (request: LoggedRequest) => boolean,
  ): Promise<void>
  /** The digests of what refers to a manifest, asked without a client. */
  referrersOf(repository: string, digest: string): Promise<readonly string[]>
  /** What came before such a request was answered, and it itself. */
  requestsUntil(last: (request: LoggedRequest) => boolean): Promise<readonly LoggedRequest[]>
}

export async function openClientRegistry(t: TestContext): Promise<ClientRegistry> {
  const requests: LoggedRequest[] = []
  const arrivals = new EventEmitter()
  const server = await startServer(t, {
    onRequest: (request) => {
      requests.push(request)
      arrivals.emit('request')
    },
  })
  const directory = await temporaryDirectory(t)
  const environment = await makeHome(join(directory, 'home'))
  const runClient = async (
    program: string,
    args: readonly string[],
    { env, ...rest }: RunOptions,
  ): Promise<Finished> =>
    run(program, args, { cwd: directory, ...rest, env: { ...environment, ...env } })
  const requestsUntil: ClientRegistry['requestsUntil'] = async (last) => {
    for (;;) {
      const at = requests.findIndex(last)
      if (at >= 0) return requests.slice(0, at + 1)
      await once(arrivals, 'request', { signal: AbortSignal.timeout(60_000) })
    }
  }
  return {
    server,
    host: server.host,
    directory,
    environment,
    password: await authorizationPassword(server),
    async createRepository(repositoryName, imageTagMutability = 'IMMUTABLE') {
      await server.ecr.send(new CreateRepositoryCommand({ repositoryName, imageTagMutability }))
    },
    async succeed(program, args, options = {}) {
      const done = await runClient(program, args, options)
      assert.equal(done.status, 0, `${program} ${args.join(' ')}\n${done.stdout}${done.stderr}`)
      return done.stdout
    },
    async fail(program, args, options = {}) {
      const done = await runClient(program, args, options)
      assert.notEqual(done.status, 0, `${program} ${args.join(' ')} was to fail\n${done.stdout}`)
      return done.stdout + done.stderr
    },
    async interrupt(program, args, input, when) {
      const child = spawn(program, args, { env: environment, stdio: ['pipe', 'ignore', 'ignore'] })
      const ended = once(child, 'exit')
      child.stdin.on('error', () => undefined)
      child.stdin.write(input)
      await Promise.race([requestsUntil(when), ended])
      child.kill('SIGKILL')
      assert.deepEqual(await ended, [null, 'SIGKILL'], `${program} ended by itself`)
    },
    async referrersOf(repository, digest) {
      const basic = Buffer.from(`${server.accessKeyId}:${server.secretAccessKey}`)
      const answer = await fetch(`${server.url}/v2/${repository}/referrers/${digest}`, {
        headers: { authorization: `Basic ${basic.toString('base64')}` },
      })
      const list = (await answer.json()) as { manifests: readonly { digest: string }[] }
      return list.manifests.map((referrer) => referrer.digest)
    },
    requestsUntil,
  }
}

/** Nothing of the user's own environment but the way to the programs. */
async function makeHome(home: string): Promise<NodeJS.ProcessEnv> {
  const inside = (name: string): string => join(home, name)
  await mkdir(inside('tmp'), { recursive: true })
  await mkdir(inside('run'), { mode: 0o700 })
  await mkdir(inside('docker'))
  // buildah wants the file to be there before the first login.
  await writeFile(inside('auth.json'), '{}')
  return {
    PATH: process.env['PATH'],
    LC_ALL: 'C.UTF-8',
    HOME: home,
    TMPDIR: inside('tmp'),
    XDG_RUNTIME_DIR: inside('run'),
    XDG_CONFIG_HOME: inside('config'),
    XDG_DATA_HOME: inside('data'),
    XDG_CACHE_HOME: inside('cache'),
    DOCKER_CONFIG: inside('docker'),
    REGISTRY_AUTH_FILE: inside('auth.json'),
  }
}

async function authorizationPassword(server: ServerProcess): Promise<string> {
  const { authorizationData } = await server.ecr.send(new GetAuthorizationTokenCommand({}))
  const token = Buffer.from(authorizationData?.[0]?.authorizationToken ?? '', 'base64').toString()
  assert.match(token, /^AWS:/)
  return token.slice('AWS:'.length)
}

/** The names of a layout's blobs, each of which is what its name says. */
export async function blobsOf(layout: string): Promise<readonly string[]> {
  const directory = join(layout, 'blobs', 'sha256')
  const names = (await readdir(directory)).toSorted()
  for (const name of names)
    assert.equal(digestOf(await readFile(join(directory, name))), `sha256:${name}`)
  return names
}
