// Purpose:  bytes of a layer blob → bytes of its tar, whatever the media type says.
// Spec:     RFC 1952 (gzip), RFC 8878 (zstd), POSIX.1-2017 pax "ustar Interchange Format"; magic numbers as runtimes sniff them.
// Input:    a stream of chunks; may be hostile.
// Deviates: no xz, bzip2 or lz4: no OCI media type names them, so they are reported as unsupported.
// Unknowns: another magic → { kind: 'unsupported' }; an error inside the stream → ArchiveError while it is read.
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { asArchiveError } from './archive-error.ts'
import { isTarHeader } from './tar-header.ts'
import { decodeZstd } from './zstd-frames.ts'

export type Compression = 'gzip' | 'zstd' | 'none'

export type Decompressed =
  | {
      readonly kind: 'bytes'
      readonly compression: Compression
      /** Ends in an ArchiveError when the stream is truncated, damaged or followed by other bytes. */
      readonly chunks: AsyncIterable<Uint8Array>
    }
  | { readonly kind: 'unsupported'; readonly format: string }

/** Large, because each chunk costs a trip through the thread pool (16 KiB halves the throughput). */
const chunkSize = 512 * 1024
const sniffBytes = 512

/** Looks at the first bytes and decodes by what they are. Closes `source` when its chunks are no longer read. */
export async function decompress(source: AsyncIterable<Uint8Array>): Promise<Decompressed> {
  const iterator = source[Symbol.asyncIterator]()
  const start = await readStart(iterator)
  const format = sniff(start)
  const whole = prepend(start, iterator)
  switch (format) {
    case 'gzip':
      return { kind: 'bytes', compression: 'gzip', chunks: decodeGzip(whole) }
    case 'zstd':
      return { kind: 'bytes', compression: 'zstd', chunks: decodeZstd(whole, { chunkSize }) }
    case 'tar':
      return { kind: 'bytes', compression: 'none', chunks: whole }
    default:
      await iterator.return?.()
      return { kind: 'unsupported', format }
  }
}

const magics: readonly { readonly format: string; readonly bytes: readonly number[] }[] = [
  { format: 'gzip', bytes: [0x1f, 0x8b, 0x08] },
  { format: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { format: 'bzip2', bytes: [0x42, 0x5a, 0x68] },
  { format: 'lz4', bytes: [0x04, 0x22, 0x4d, 0x18] },
  { format: 'zip', bytes: [0x50, 0x4b, 0x03, 0x04] },
]

function sniff(start: Buffer): string {
  if (start.length === 0) return 'empty'
  // A skippable frame may lead: 50 2a 4d 18 to 5f 2a 4d 18.
  if (start.length >= 4 && (start.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd'
  const known = magics.find(({ bytes }) => bytes.every((byte, index) => start[index] === byte))
  if (isTarHeader(start))
    return known?.format === 'gzip' || known?.format === 'zstd' ? known.format : 'tar'
  return known?.format ?? 'unknown'
}

async function readStart(iterator: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  while (length < sniffBytes) {
    const next = await iterator.next()
    if (next.done === true) break
    chunks.push(next.value)
    length += next.value.length
  }
  return Buffer.concat(chunks)
}

async function* prepend(
  start: Buffer,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield start
    for (;;) {
      const next = await iterator.next()
      if (next.done === true) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

async function* decodeGzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // The callback has nothing to add: pipeline destroys the decoder with the error, and its reader below gets it.
  const decoded = pipeline(source, createGunzip({ chunkSize }), () => undefined)
  try {
    for await (const chunk of decoded) if (chunk instanceof Uint8Array) yield chunk
  } catch (error) {
    throw asArchiveError(error)
  }
}
