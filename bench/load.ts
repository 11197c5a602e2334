// Load from outside the server's process: wrk for GET, curl for large uploads, connections of our own for HEAD and many small uploads.
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request, type Agent } from 'node:http'
import { connect } from 'node:net'
import type { RegistryUnderLoad } from './servers.ts'

export interface WrkResult {
  readonly requestsPerSecond: number
  readonly bytesPerSecond: number
  readonly p99Ms: number
}

interface Load {
  readonly connections: number
  readonly seconds: number
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** One address, read by `connections` at once for `seconds`. */
export async function wrk(target: RegistryUnderLoad, path: string, load: Load): Promise<WrkResult> {
  const headers = Object.entries(headersFor(target)).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ])
  const output = await run('wrk', [
    '-t1',
    `-c${load.connections}`,
    `-d${load.seconds}s`,
    '--latency',
    ...headers,
    '-H',
    `Accept: ${manifestType}, application/vnd.oci.image.index.v1+json`,
    `${target.url}${path}`,
  ])
  if (/Non-2xx/.test(output)) throw new Error(`wrk saw refusals:\n${output}`)
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([0-9.]+)/.exec(output)?.[1]),
    bytesPerSecond: parseBytes(/Transfer\/sec:\s+(\S+)/.exec(output)?.[1] ?? ''),
    p99Ms: parseMs(/^\s+99%\s+(\S+)/m.exec(output)?.[1] ?? ''),
  }
}

/** HEAD requests a second: wrk waits for the body that HEAD does not have, so the answers are counted by their blank lines. */
export async function headLoad(
  target: RegistryUnderLoad,
  path: string,
  { connections, seconds }: Load,
): Promise<number> {
  const { hostname, port, host } = new URL(target.url)
  const lines = Object.entries({ host, accept: manifestType, ...headersFor(target) })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const asked = `HEAD ${path} HTTP/1.1\r\n${head}\r\n`
  const until = performance.now() + seconds * 1000
  let answered = 0
  const one = async (): Promise<void> => {
    const socket = connect(Number(port), hostname)
    socket.setNoDelay(true)
    socket.on('data', (piece: Buffer) => {
      if (piece.subarray(0, 12).toString() !== 'HTTP/1.1 200') socket.destroy(new Error('refused'))
      if (!piece.subarray(-4).equals(Buffer.from('\r\n\r\n'))) return
      answered += 1
      if (performance.now() < until) socket.write(asked)
      else socket.end()
    })
    socket.write(asked)
    await once(socket, 'close')
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: connections }, one))
  return answered / ((performance.now() - started) / 1000)
}

/** POST, then one PUT with the whole file, as containerd does. */
export async function pushFile(
  target: RegistryUnderLoad,
  repository: string,
  file: string,
  digest: string,
): Promise<void> {
  const location = await openUpload(target, repository)
  location.searchParams.set('digest', digest)
  const headers = { ...headersFor(target), 'content-type': 'application/octet-stream', expect: '' }
  const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const quiet = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-X', 'PUT']
  const status = await run('curl', [...quiet, ...named, '-T', file, location.href])
  if (status !== '201') throw new Error(`push of a blob answered ${status}`)
}

/** The same for bytes at hand, over connections that are kept. */
export async function pushBytes(
  target: RegistryUnderLoad,
  repository: string,
  bytes: Uint8Array,
  { agent, digest = digestOf(bytes) }: { readonly agent?: Agent; readonly digest?: string } = {},
): Promise<string> {
  const location = await openUpload(target, repository, agent)
  location.searchParams.set('digest', digest)
  const { status } = await ask(target, 'PUT', location, { agent, body: bytes })
  if (status !== 201) throw new Error(`push of a blob answered ${status}`)
  return digest
}

/** An image of one layer; its digest. */
export async function pushImage(
  target: RegistryUnderLoad,
  repository: string,
  tag: string,
  layer: { readonly digest: string; readonly size: number },
  agent?: Agent,
): Promise<string> {
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', tag }))
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: await pushBytes(target, repository, config, agent === undefined ? {} : { agent }),
        size: config.byteLength,
      },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
    }),
  )
  await putManifest(target, `/v2/${repository}/manifests/${tag}`, manifest, agent)
  return digestOf(manifest)
}

/** A repository with one image, `v1`, of one layer of so many random bytes. */
export async function pushSample(
  target: RegistryUnderLoad,
  repository: string,
  layerBytes: number,
): Promise<{
  readonly image: string
  readonly layer: { readonly digest: string; readonly size: number }
}> {
  await target.makeRepository(repository)
  const digest = await pushBytes(target, repository, randomBytes(layerBytes))
  const layer = { digest, size: layerBytes }
  return { image: await pushImage(target, repository, 'v1', layer), layer }
}

export async function putManifest(
  target: RegistryUnderLoad,
  path: string,
  manifest: Uint8Array,
  agent?: Agent,
): Promise<void> {
  const url = new URL(target.url + path)
  const { status } = await ask(target, 'PUT', url, { agent, body: manifest, type: manifestType })
  if (status !== 201) throw new Error(`push of a manifest answered ${status}`)
}

async function openUpload(
  target: RegistryUnderLoad,
  repository: string,
  agent?: Agent,
): Promise<URL> {
  const url = new URL(`${target.url}/v2/${repository}/blobs/uploads/`)
  const { status, location } = await ask(target, 'POST', url, { agent })
  if (status !== 202) throw new Error(`an upload was answered ${status}`)
  return new URL(location ?? '', target.url)
}

interface Asked {
  readonly agent?: Agent | undefined
  readonly body?: Uint8Array
  readonly type?: string
}

interface Answered {
  readonly status: number
  readonly location: string | undefined
}

async function ask(
  target: RegistryUnderLoad,
  method: string,
  url: URL,
  { agent, body = Buffer.alloc(0), type = 'application/octet-stream' }: Asked,
): Promise<Answered> {
  const headers = {
    ...headersFor(target),
    'content-type': type,
    'content-length': String(body.byteLength),
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ...(agent === undefined ? {} : { agent }) })
    sent.on('error', reject)
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location }),
      )
    })
    sent.end(body)
  })
}

function headersFor(target: RegistryUnderLoad): Record<string, string> {
  return target.authorization === undefined ? {} : { authorization: target.authorization }
}

function parseBytes(text: string): number {
  const match = /^([0-9.]+)([KMG]?)B$/.exec(text)
  const factor = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match?.[2] ?? ''] ?? 1
  return Number(match?.[1]) * factor
}

function parseMs(text: string): number {
  const match = /^([0-9.]+)(us|ms|s)$/.exec(text)
  const factor = { us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? ''] ?? Number.NaN
  return Number(match?.[1]) * factor
}

async function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (piece: Buffer) => {
      output += piece.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${program} ended with ${code}`))
    })
  })
}
