// Starts the servers that a benchmark compares: this one, and Debian's docker-registry where it is installed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CreateRepositoryCommand,
  DescribeImageScanFindingsCommand,
  ECRClient,
  type DescribeImageScanFindingsCommandOutput,
} from '@aws-sdk/client-ecr'

export interface RegistryUnderLoad {
  readonly name: string
  /** Another one after a restart, as are `url` and `pid`. */
  readonly pid: number
  readonly url: string
  /** Where its data lies. */
  readonly directory: string
  /** `Authorization` header, for the one that asks for it. */
  readonly authorization: string | undefined
  makeRepository(name: string): Promise<void>
  /** Where the registry scans: how far it is with an image. */
  scanStatus(repository: string, digest: string): Promise<string>
  /** What it says of an image: the first thousand findings, as text. */
  findings?(repository: string, digest: string): Promise<string>
  /** Stops it, does what is given, has the system forget what it holds of the data, and starts it again. Milliseconds from start to ready. */
  restartCold(meanwhile?: () => Promise<void>): Promise<number>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** Data that is there already; an empty directory of its own otherwise. */
  readonly directory?: string
  readonly settings?: Readonly<Record<string, string>>
}

interface Running {
  readonly child: ChildProcess
  readonly url: string
}

export async function startPratique(options: StartOptions = {}): Promise<RegistryUnderLoad> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'pratique-bench-')))
  const start = async (): Promise<Running> => spawnPratique(directory, options.settings ?? {})
  let running = await start()
  const credentials = await readCredentials(join(directory, 'credentials'))
  const basic = Buffer.from(`${credentials.accessKeyId}:${credentials.secretAccessKey}`)
  const describeScan = async (
    repositoryName: string,
    imageDigest: string,
  ): Promise<DescribeImageScanFindingsCommandOutput> => {
    const input = { repositoryName, imageId: { imageDigest }, maxResults: 1000 }
    return send((client) => client.send(new DescribeImageScanFindingsCommand(input)))
  }
  const send = async <T>(work: (client: ECRClient) => Promise<T>): Promise<T> => {
    const client = new ECRClient({ endpoint: running.url, region: 'us-east-1', credentials })
    return work(client).finally(() => client.destroy())
  }
  return {
    name: 'pratique (authentication and authorisation on)',
    directory,
    get url() {
      return running.url
    },
    get pid() {
      return running.child.pid ?? 0
    },
    authorization: `Basic ${basic.toString('base64')}`,
    async makeRepository(repositoryName) {
      const imageScanningConfiguration = { scanOnPush: true }
      const input = { repositoryName, imageScanningConfiguration }
      await send((client) => client.send(new CreateRepositoryCommand(input)))
    },
    async scanStatus(repositoryName, imageDigest) {
      const answer = await describeScan(repositoryName, imageDigest).catch(() => undefined)
      return answer?.imageScanStatus?.status ?? 'PENDING'
    },
    async findings(repositoryName, imageDigest) {
      const { imageScanFindings = {} } = await describeScan(repositoryName, imageDigest)
      return JSON.stringify(imageScanFindings.findings ?? imageScanFindings.enhancedFindings)
    },
    async restartCold(meanwhile) {
      await stopProcess(running.child)
      await meanwhile?.()
      await forgetCached(directory)
      const started = performance.now()
      running = await start()
      return performance.now() - started
    },
    async stop() {
      await stopProcess(running.child)
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
  const url = `http://127.0.0.1:${port}`
  const start = async (): Promise<ChildProcess> => {
    const child = spawn('docker-registry', ['serve', file], { stdio: 'ignore' })
    await untilAnswering(url)
    return child
  }
  let child = await start()
  return {
    name: `distribution (${version.stdout.toString().trim().split(' ').at(-1) ?? ''}, no authentication)`,
    directory,
    url,
    get pid() {
      return child.pid ?? 0
    },
    authorization: undefined,
    makeRepository: async () => Promise.resolve(),
    scanStatus: async () => Promise.resolve('UNSUPPORTED'),
    async restartCold(meanwhile) {
      await stopProcess(child)
      await meanwhile?.()
      await forgetCached(directory)
      const started = performance.now()
      child = await start()
      return performance.now() - started
    },
    async stop() {
      await stopProcess(child)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function spawnPratique(
  directory: string,
  settings: Readonly<Record<string, string>>,
): Promise<Running> {
  const program = new URL('../bin/pratique.js', import.meta.url).pathname
  const child = spawn(process.execPath, [program, 'serve'], {
    env: {
      ...process.env,
      PRATIQUE_DATA: directory,
      PRATIQUE_LISTEN: '127.0.0.1:0',
      PRATIQUE_LOG: 'silent',
      PRATIQUE_FEEDS: 'none',
      PRATIQUE_DEFAULTS: 'aws',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, url: await readinessUrl(child) }
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

/** Files are written through first: what is not on the disk yet cannot be forgotten. Linux only. */
export async function forgetCached(directory: string): Promise<void> {
  spawnSync('sync', ['-f', directory])
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  // What is small is read with what lies beside it; a million of such would take the day.
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  for (const file of files) {
    if (files.length > 1000 && !file.endsWith('.db')) continue
    spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'])
  }
}

async function untilAnswering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const answered = await fetch(`${url}/v2/`).then(
      () => true,
      () => false,
    )
    if (answered) return
    await delay(10)
  }
  throw new Error(`${url} does not answer`)
}

async function stopProcess(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
