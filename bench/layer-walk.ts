// How fast a layer is read, by codec, through the door that the server uses: workers, hash, walk, extractors.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, type Duplex, PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'
import { openLayerReaders, readLayer, type LayerReaders } from '../src/scanning/read-layer.ts'
import { tarEntry } from '../test/kit/tar-builder.ts'

const layerBytes = 200 * 1024 * 1024
const mebibyte = 1024 * 1024

const codecs: readonly { readonly name: string; open: () => Duplex }[] = [
  { name: 'plain', open: () => new PassThrough() },
  { name: 'zstd', open: () => createZstdCompress() },
  { name: 'gzip', open: () => createGzip() },
]

/** Prints MB/s of tar bytes for each codec, and how much memory the process had at its peak. */
export async function benchLayerWalk(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pratique-bench-'))
  const readers = openLayerReaders({ workers: 1 })
  try {
    const idleBytes = process.memoryUsage.rss()
    for (const { name, open } of codecs) {
      const path = join(directory, name)
      await pipeline(Readable.from(syntheticLayer()), open(), createWriteStream(path))
      // The first reading warms the worker and the page cache.
      await readOnce(readers, path)
      const { seconds, bytes, peakBytes } = await readOnce(readers, path)
      const { size } = await stat(path)
      const rate = (bytes / 1e6 / seconds).toFixed(0)
      const compressed = (size / mebibyte).toFixed(0)
      const memory = ((peakBytes - idleBytes) / mebibyte).toFixed(0)
      print(`layer walk, ${name} (${compressed} MiB): ${rate} MB/s, ${memory} MiB over idle`)
    }
    print(`peak RSS of the process: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
  } finally {
    await readers.close()
    await rm(directory, { recursive: true })
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function readOnce(
  readers: LayerReaders,
  path: string,
): Promise<{ seconds: number; bytes: number; peakBytes: number }> {
  const stream = createReadStream(path)
  let peakBytes = 0
  stream.on('data', () => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  })
  stream.pause()
  const start = performance.now()
  const reading = await readLayer(readers, { stream }, { signal: AbortSignal.timeout(600_000) })
  const seconds = (performance.now() - start) / 1000
  if (reading.kind !== 'read') throw new Error(`bench layer was not read: ${reading.message}`)
  return { seconds, bytes: reading.inventory.decompressedBytes, peakBytes }
}

/** Files from 200 bytes to 2 MiB whose text compresses about three to one, a package.json among each hundred. */
function* syntheticLayer(): Generator<Buffer> {
  const noise = noiseOf(4 * mebibyte)
  let written = 0
  for (let index = 0; written < layerBytes; index++) {
    const folder = `usr/lib/node_modules/module-${Math.floor(index / 100)}`
    const size = index % 50 === 0 ? 2 * mebibyte : 200 + ((index * 7919) % 20_000)
    const from = (index * 104_729) % (noise.length - size)
    const entry =
      index % 100 === 1
        ? tarEntry({ name: `${folder}/package.json`, content: manifestOf(index) })
        : tarEntry({ name: `${folder}/${index}.js`, content: noise.subarray(from, from + size) })
    written += entry.length
    yield entry
  }
  yield Buffer.alloc(1024)
}

function manifestOf(index: number): string {
  return JSON.stringify({ name: `module-${index}`, version: `1.${index}.0` })
}

/** Words in an order that repeats only after the buffer's end; the same bytes on every run. */
function noiseOf(size: number): Buffer {
  const words: string[] = []
  let state = 1
  for (let length = 0; length < size; length += 8) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    words.push((state >>> 12).toString(36).padStart(8, 'abcdefgh'))
  }
  return Buffer.from(words.join('')).subarray(0, size)
}
