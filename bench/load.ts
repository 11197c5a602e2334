// Load from outside the server's process: wrk for reads, curl for uploads.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { RegistryUnderLoad } from './servers.ts'

export interface WrkResult {
  readonly requestsPerSecond: number
  readonly bytesPerSecond: number
  readonly latency: string
}

export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}

/** One address, read by `connections` at once for `seconds`. */
export async function wrk(
  target: RegistryUnderLoad,
  path: string,
  load: { readonly connections: number; readonly seconds: number },
): Promise<WrkResult> {
  const headers =
    target.authorization === undefined ? [] : ['-H', `Authorization: ${target.authorization}`]
  const accept = ['-H', 'Accept: application/vnd.oci.image.manifest.v1+json']
  const output = await run('wrk', [
    '-t1',
    `-c${load.connections}`,
    `-d${load.seconds}s`,
    '--latency',
    ...headers,
    ...accept,
    `${target.url}${path}`,
  ])
  if (/Non-2xx/.test(output)) throw new Error(`wrk saw refusals:\n${output}`)
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([0-9.]+)/.exec(output)?.[1]),
    bytesPerSecond: parseBytes(/Transfer\/sec:\s+(\S+)/.exec(output)?.[1] ?? ''),
    latency: `p50 ${/^\s+50%\s+(\S+)/m.exec(output)?.[1] ?? '?'}, p99 ${/^\s+99%\s+(\S+)/m.exec(output)?.[1] ?? '?'}`,
  }
}

/** POST, then one PUT with the whole file, as containerd does; returns the digest. */
export async function pushBlob(
  target: RegistryUnderLoad,
  repository: string,
  file: string,
  digest: string,
): Promise<void> {
  const opened = await fetch(`${target.url}/v2/${repository}/blobs/uploads/`, {
    method: 'POST',
    headers: headersFor(target),
  })
  const location = new URL(opened.headers.get('location') ?? '', target.url)
  location.searchParams.set('digest', digest)
  const authorization =
    target.authorization === undefined ? [] : ['-H', `Authorization: ${target.authorization}`]
  const quiet = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-X', 'PUT']
  const headers = [
    '-H',
    'Content-Type: application/octet-stream',
    '-H',
    'Expect:',
    ...authorization,
  ]
  const status = await run('curl', [...quiet, ...headers, '-T', file, location.href])
  if (status !== '201') throw new Error(`push of a blob answered ${status}`)
}

export async function pushManifest(
  target: RegistryUnderLoad,
  repository: string,
  tag: string,
  blob: { readonly digest: string; readonly size: number },
): Promise<void> {
  const config = Buffer.from('{}')
  const configDigest = `sha256:${createHash('sha256').update(config).digest('hex')}`
  const posted = await fetch(`${target.url}/v2/${repository}/blobs/uploads/`, {
    method: 'POST',
    headers: headersFor(target),
  })
  const location = new URL(posted.headers.get('location') ?? '', target.url)
  location.searchParams.set('digest', configDigest)
  await fetch(location, { method: 'PUT', headers: headersFor(target), body: config })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: configDigest,
      size: config.byteLength,
    },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...blob }],
  }
  const put = await fetch(`${target.url}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { ...headersFor(target), 'content-type': mediaType },
    body: JSON.stringify(manifest),
  })
  if (put.status !== 201) throw new Error(`push of a manifest answered ${put.status}`)
}

function headersFor(target: RegistryUnderLoad): Record<string, string> {
  return target.authorization === undefined ? {} : { authorization: target.authorization }
}

function parseBytes(text: string): number {
  const match = /^([0-9.]+)([KMG]?)B$/.exec(text)
  const factor = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match?.[2] ?? ''] ?? 1
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
