import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isInstalled, pushBlob, pushManifest, wrk } from './load.ts'
import { startDistribution, startPratique, type RegistryUnderLoad } from './servers.ts'

const mebibyte = 1024 * 1024
const layers = 12
const layerBytes = 32 * mebibyte

interface Figures {
  readonly push: number
  readonly parallelPush: number
  readonly pull: number
  readonly parallelPull: number
}

/** Push and pull of 32 MiB layers, one and several at a time, driven by curl and wrk; in MiB per second. */
export async function benchPushPull(print: (line: string) => void): Promise<void> {
  if (!isInstalled('wrk') || !isInstalled('curl')) {
    print('push-pull needs wrk and curl')
    return
  }
  const ours = await measure(await startPratique(), print)
  const peer = await startDistribution()
  if (peer === undefined) {
    print('no peer: docker-registry is not installed')
    return
  }
  const theirs = await measure(peer, print)
  const ratio = (key: keyof Figures): string => (ours[key] / theirs[key]).toFixed(2)
  print(
    `ratios: push ${ratio('push')}, 4 pushes ${ratio('parallelPush')}, pull ${ratio('pull')}, 16 pulls ${ratio('parallelPull')}`,
  )
}

async function measure(target: RegistryUnderLoad, print: (line: string) => void): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  try {
    const blobs = await makeBlobs(directory)
    await target.makeRepository('bench/layers')
    const half = layers / 2
    const push = await rate(half, async () => pushEach(target, blobs.slice(0, half), 1))
    const parallelPush = await rate(half, async () => pushEach(target, blobs.slice(half), 4))
    const [first] = blobs
    if (first === undefined) throw new Error('no blobs')
    await pushManifest(target, 'bench/layers', 'v1', { digest: first.digest, size: layerBytes })
    const path = `/v2/bench/layers/blobs/${first.digest}`
    const one = await wrk(target, path, { connections: 1, seconds: 6 })
    const many = await wrk(target, path, { connections: 16, seconds: 6 })
    const figures = {
      push,
      parallelPush,
      pull: one.bytesPerSecond / mebibyte,
      parallelPull: many.bytesPerSecond / mebibyte,
    }
    const shown = Object.entries(figures).map(([key, value]) => `${key} ${Math.round(value)} MiB/s`)
    print(`${target.name}: ${shown.join(', ')}`)
    return figures
  } finally {
    await target.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

interface BlobFile {
  readonly file: string
  readonly digest: string
}

async function makeBlobs(directory: string): Promise<readonly BlobFile[]> {
  const blobs: BlobFile[] = []
  for (let index = 0; index < layers; index += 1) {
    const content = randomBytes(layerBytes)
    const file = join(directory, `layer-${index}`)
    await writeFile(file, content)
    blobs.push({ file, digest: `sha256:${createHash('sha256').update(content).digest('hex')}` })
  }
  return blobs
}

async function pushEach(
  target: RegistryUnderLoad,
  blobs: readonly BlobFile[],
  atOnce: number,
): Promise<void> {
  const waiting = [...blobs]
  const pusher = async (): Promise<void> => {
    for (let blob = waiting.shift(); blob !== undefined; blob = waiting.shift()) {
      await pushBlob(target, 'bench/layers', blob.file, blob.digest)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, pusher))
}

async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return ((count * layerBytes) / mebibyte / (performance.now() - started)) * 1000
}
