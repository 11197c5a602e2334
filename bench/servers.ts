// Starts the servers that a benchmark compares: this one, and Debian's docker-registry where it is installed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CreateRepositoryCommand,
  DescribeImageScanFindingsCommand,
  ECRClient,
} from '@aws-sdk/client-ecr'

export interface RegistryUnderLoad {
  readonly name: string
  readonly url: string
  /** `Authorization` header, for the one that asks for it. */
  readonly authorization: string | undefined
  readonly pid: number
  makeRepository(name: string): Promise<void>
  /** Where the registry scans: how far it is with an image. */
  scanStatus(repository: string, digest: string): Promise<string>
  stop(): Promise<void>
}

export async function startPratique(): Promise<RegistryUnderLoad> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  const program = new URL('../bin/pratique.js', import.meta.url).pathname
  const child = spawn(process.execPath, [program, 'serve'], {
    env: {
      ...process.env,
      PRATIQUE_DATA: directory,
      PRATIQUE_LISTEN: '127.0.0.1:0',
      PRATIQUE_LOG: 'silent',
      PRATIQUE_DEFAULTS: 'aws',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await readinessUrl(child)
  const credentials = await readCredentials(join(directory, 'credentials'))
  const client = new ECRClient({
    endpoint: url,
    region: 'us-east-1',
    credentials,
  })
  const basic = Buffer.from(`${credentials.accessKeyId}:${credentials.secretAccessKey}`)
  return {
    name: 'pratique (authentication and authorisation on)',
    url,
    authorization: `Basic ${basic.toString('base64')}`,
    pid: child.pid ?? 0,
    async makeRepository(name) {
      const imageScanningConfiguration = { scanOnPush: true }
      await client.send(
        new CreateRepositoryCommand({ repositoryName: name, imageScanningConfiguration }),
      )
    },
    async scanStatus(repositoryName, imageDigest) {
      const command = new DescribeImageScanFindingsCommand({
        repositoryName,
        imageId: { imageDigest },
      })
      const answer = await client.send(command).catch(() => undefined)
      return answer?.imageScanStatus?.status ?? 'PENDING'
    },
    async stop() {
      client.destroy()
      await stopProcess(child)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Undefined where docker-registry is not installed. It runs without authentication, on files. */
export async function startDistribution(): Promise<RegistryUnderLoad | undefined> {
  const version = spawnSync('docker-registry', ['--version'])
  if (version.error !== undefined) return undefined
  const directory = await mkdtemp(join(tmpdir(), 'distribution-bench-'))
  const port = 20_000 + (process.pid % 20_000)
  const settings = [
    'version: 0.1',
    'log: { level: error, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${directory} }, cache: { blobdescriptor: inmemory }, delete: { enabled: true } }`,
    `http: { addr: "127.0.0.1:${port}" }`,
  ]
  const file = join(directory, 'config.yml')
  await writeFile(file, settings.join('\n'))
  const child = spawn('docker-registry', ['serve', file], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await untilAnswering(url)
  return {
    name: `distribution (${version.stdout.toString().trim().split(' ').at(-1) ?? ''}, no authentication)`,
    url,
    authorization: undefined,
    pid: child.pid ?? 0,
    makeRepository: async () => Promise.resolve(),
    scanStatus: async () => Promise.resolve('UNSUPPORTED'),
    async stop() {
      await stopProcess(child)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function readinessUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('no stdout')
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^pratique listening on (\S+)/.exec(line)?.[1]
    if (url === undefined) continue
    child.stdout.resume()
    return url
  }
  throw new Error('the server ended before it was ready')
}

async function readCredentials(
  file: string,
): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }> {
  const content = await readFile(file, 'utf8')
  const value = (key: string): string => new RegExp(`^${key} = (.+)$`, 'm').exec(content)?.[1] ?? ''
  return {
    accessKeyId: value('aws_access_key_id'),
    secretAccessKey: value('aws_secret_access_key'),
  }
}

async function untilAnswering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const answered = await fetch(`${url}/v2/`).then(
      () => true,
      () => false,
    )
    if (answered) return
    await delay(100)
  }
  throw new Error(`${url} does not answer`)
}

async function stopProcess(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
