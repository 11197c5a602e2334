// Kubernetes' own API server with its etcd, alone: it stores objects and asks webhooks, and nothing runs.
import { spawn } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryDirectory } from './database.ts'
import { missing } from './run.ts'

const apiServer = process.env['PRATIQUE_TEST_KUBE_APISERVER'] ?? 'kube-apiserver'
const etcd = process.env['PRATIQUE_TEST_ETCD'] ?? 'etcd'

/** A reason to skip, or false. */
export function missingKubeApi(): string | false {
  return missing(apiServer, etcd)
}

export interface KubeAnswer {
  readonly status: number
  /** An object of the API, or a `Status`. */
  readonly body: unknown
  /** As kubectl shows them. */
  readonly warnings: readonly string[]
}

export interface KubeCall {
  readonly body?: unknown
  /** A user of the cluster, by default its administrator. */
  readonly as?: keyof typeof users
  readonly contentType?: string
}

export interface KubeApi {
  /** `path` with its query, such as `/api/v1/namespaces/prod/pods?dryRun=All`. */
  call(method: string, path: string, options?: KubeCall): Promise<KubeAnswer>
  /** What the API server wrote down of requests, one JSON object a line. */
  auditLog(): Promise<string>
}

/** What they may is not asked: the API server allows all of them everything. */
const users = {
  admin: { token: randomUUID(), groups: 'system:masters' },
  'system:node:worker': { token: randomUUID(), groups: 'system:nodes' },
}

const startMs = 60_000

export async function startKubeApi(t: TestContext): Promise<KubeApi> {
  const directory = await temporaryDirectory(t)
  const [store, peers, port] = [await freePort(), await freePort(), await freePort()]
  const storeUrl = `http://127.0.0.1:${store}`
  const peerUrl = `http://127.0.0.1:${peers}`
  await startProgram(t, etcd, {
    'data-dir': join(directory, 'etcd'),
    logger: 'zap',
    'log-level': 'error',
    'listen-client-urls': storeUrl,
    'advertise-client-urls': storeUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `default=${peerUrl}`,
  })
  await writeKeys(directory)
  await startProgram(t, apiServer, {
    'etcd-servers': storeUrl,
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'secure-port': String(port),
    'cert-dir': directory,
    'service-cluster-ip-range': '10.96.0.0/24',
    'endpoint-reconciler-type': 'none',
    'service-account-issuer': 'https://cluster.test',
    'service-account-key-file': join(directory, 'accounts.pub'),
    'service-account-signing-key-file': join(directory, 'accounts.key'),
    'token-auth-file': join(directory, 'tokens'),
    'authorization-mode': 'AlwaysAllow',
    // Nobody makes service accounts here.
    'disable-admission-plugins': 'ServiceAccount',
    'audit-policy-file': join(directory, 'audit-policy'),
    'audit-log-path': join(directory, 'audit'),
    'audit-log-mode': 'blocking',
  })
  const call = async (
    method: string,
    path: string,
    { body, as = 'admin', contentType = 'application/json' }: KubeCall = {},
  ): Promise<KubeAnswer> => {
    const ca = await readFile(join(directory, 'apiserver.crt'), 'utf8')
    const headers = { authorization: `Bearer ${users[as].token}`, 'content-type': contentType }
    return send(`https://127.0.0.1:${port}${path}`, { method, ca, headers }, body)
  }
  await until(async () => (await call('GET', '/readyz')).status === 200)
  return { call, auditLog: async () => readFile(join(directory, 'audit'), 'utf8') }
}

async function writeKeys(directory: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const tokens = Object.entries(users).map(
    ([name, { token, groups }]) => `${token},${name},${name},"${groups}"\n`,
  )
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] }
  const files = {
    'accounts.key': privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    'accounts.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    tokens: tokens.join(''),
    'audit-policy': JSON.stringify(policy),
  }
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), content)
}

/** It ends with the test. What it says is shown where it ends by itself. */
async function startProgram(
  t: TestContext,
  command: string,
  options: Readonly<Record<string, string>>,
): Promise<void> {
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (piece: Buffer) => {
    said = (said + piece.toString()).slice(-4000)
  })
  await once(child, 'spawn')
  let isOver = false
  child.on('exit', (status) => {
    if (!isOver) process.stderr.write(`${command} ended with ${status}: ${said}\n`)
  })
  t.after(async () => {
    isOver = true
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
}

/** Free at this moment: these programs do not tell which one they took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function send(
  url: string,
  options: { readonly method: string; readonly ca: string; readonly headers: object },
  body: unknown,
): Promise<KubeAnswer> {
  const { method, ca, headers } = options
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, ca, headers: { ...headers }, agent: false }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        resolve({
          status: response.statusCode ?? 0,
          body: text.startsWith('{') ? JSON.parse(text) : text,
          warnings: warningsIn(response.headersDistinct['warning'] ?? []),
        })
      })
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** `299 - "text"`, RFC 7234 5.5; quotes and backslashes in the text are escaped. */
function warningsIn(headers: readonly string[]): readonly string[] {
  return headers.map((header) =>
    (/^299 \S+ "(.*)"$/.exec(header)?.[1] ?? header).replaceAll(/\\(.)/g, '$1'),
  )
}

/** Asks again until it is so, for a minute at most. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + startMs
  for (;;) {
    if (await isSo().catch(() => false)) return
    if (Date.now() > end) throw new Error('it did not come to be so in a minute')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
