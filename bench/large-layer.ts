// A 1 GiB layer is pushed, scanned and pulled; the server's resident memory is watched from outside.
import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { pack } from 'tar-stream'
import { pushFile } from './load.ts'
import { residentBytes, watchMemory } from './memory-watch.ts'
import { startPratique, type RegistryUnderLoad } from './servers.ts'

const mebibyte = 1024 * 1024
const files = 64
const fileBytes = 16 * mebibyte
const repository = 'bench/large'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export async function benchLargeLayer(print: (line: string) => void): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-large-'))
  const server = await startPratique()
  const watch = watchMemory(server.pid)
  try {
    const idle = await residentBytes(server.pid)
    const layer = await writeLayer(join(directory, 'layer.tar'))
    await server.makeRepository(repository)
    await timed('push', print, () => pushFile(server, repository, layer.file, layer.digest))
    const digest = await pushImage(server, directory, layer)
    await timed('scan', print, () => waitForScan(server, digest))
    await timed('pull', print, () => pull(server, layer.digest))
    const peak = await watch.stop()
    print(
      `layer ${Math.round(layer.size / mebibyte)} MiB; resident memory of the server: ${Math.round(idle / mebibyte)} MiB idle, ${Math.round(peak / mebibyte)} MiB at the peak`,
    )
  } finally {
    await watch.stop()
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

interface Layer {
  readonly file: string
  readonly digest: string
  readonly size: number
}

/** Bytes that do not compress, in files as large as real ones are. */
async function writeLayer(file: string): Promise<Layer> {
  const archive = pack()
  const hash = createHash('sha256')
  let size = 0
  const written = pipeline(
    Readable.from(archive),
    async function* (source: AsyncIterable<Buffer>) {
      for await (const piece of source) {
        hash.update(piece)
        size += piece.byteLength
        yield piece
      }
    },
    createWriteStream(file),
  )
  for (let index = 0; index < files; index += 1) {
    await new Promise<void>((resolve, reject) => {
      const entry = archive.entry({ name: `data/${index}`, size: fileBytes }, (error) => {
        if (error instanceof Error) reject(error)
        else resolve()
      })
      entry.end(randomBytes(fileBytes))
    })
  }
  archive.finalize()
  await written
  return { file, digest: `sha256:${hash.digest('hex')}`, size }
}

async function pushImage(
  server: RegistryUnderLoad,
  directory: string,
  layer: Layer,
): Promise<string> {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    }),
  )
  const configDigest = digestOf(config)
  const file = join(directory, 'config')
  await pipeline(Readable.from([config]), createWriteStream(file))
  await pushFile(server, repository, file, configDigest)
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: configDigest,
      size: config.byteLength,
    },
    layers: [
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        digest: layer.digest,
        size: layer.size,
      },
    ],
  })
  const put = await fetch(`${server.url}/v2/${repository}/manifests/v1`, {
    method: 'PUT',
    headers: { authorization: server.authorization ?? '', 'content-type': manifestType },
    body: manifest,
  })
  if (put.status !== 201) throw new Error(`push of the manifest answered ${put.status}`)
  return digestOf(Buffer.from(manifest))
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

async function waitForScan(server: RegistryUnderLoad, digest: string): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt += 1) {
    const status = await server.scanStatus(repository, digest)
    if (status !== 'PENDING' && status !== 'IN_PROGRESS') return
    await delay(100)
  }
  throw new Error('the scan did not end')
}

async function pull(server: RegistryUnderLoad, digest: string): Promise<void> {
  const response = await fetch(`${server.url}/v2/${repository}/blobs/${digest}`, {
    headers: { authorization: server.authorization ?? '' },
  })
  const hash = createHash('sha256')
  if (response.body === null) throw new Error('no body')
  for await (const piece of Readable.fromWeb(response.body)) hash.update(piece as Uint8Array)
  if (`sha256:${hash.digest('hex')}` !== digest)
    throw new Error('the bytes pulled are not the bytes pushed')
}

async function timed(
  name: string,
  print: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  const started = performance.now()
  await work()
  print(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
