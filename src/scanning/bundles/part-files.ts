// The parts of a bundle as files of a directory of their own: written when one is made, read when one came in.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import { ArchiveError } from '../../lib/archive/archive-error.ts'
import { decodeZstd } from '../../lib/archive/zstd-frames.ts'
import type { Ids } from '../../lib/ids.ts'
import { splitLines } from '../../storage/feeds/json-splitters.ts'
import { scanningError } from '../errors.ts'
import { bundleLimits, type BundlePart } from '../rules/bundle-manifest.ts'

export interface PartDeps {
  readonly ids: Ids
  readonly temporaryDirectory: string
}

/** A directory for the parts of one bundle; the caller removes it. */
export async function makePartDirectory({ ids, temporaryDirectory }: PartDeps): Promise<string> {
  const directory = join(temporaryDirectory, `bundle-${ids.uuid()}`)
  await mkdir(join(directory, 'parts'), { recursive: true, mode: 0o700 })
  return directory
}

export async function removePartDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
}

/** A fifth smaller than by the usual level, in a second for 128 MB; higher ones take many for a twentieth more. */
const compressionLevel = 9
const compressed = (): ReturnType<typeof createZstdCompress> =>
  createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: compressionLevel } })
/** Lines are put together to pieces of this size before they are compressed. */
const pieceBytes = 256 * 1024

/** Writes one part; `entries` are what the caller counts. */
export async function writePart(
  directory: string,
  part: { readonly name: string; readonly lines: AsyncIterable<string>; readonly headers: number },
  { signal }: { readonly signal: AbortSignal },
): Promise<BundlePart> {
  const hash = createHash('sha256')
  const counted = { lines: 0, decodedBytes: 0, bytes: 0 }
  const text = async function* (): AsyncGenerator<Buffer> {
    for await (const piece of inPieces(part.lines, () => (counted.lines += 1))) {
      counted.decodedBytes += piece.byteLength
      yield piece
    }
  }
  const measured = async function* (pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      counted.bytes += piece.byteLength
      hash.update(piece)
      yield piece
    }
  }
  const file = createWriteStream(join(directory, part.name), { flags: 'wx', mode: 0o600 })
  await pipeline(Readable.from(text()), compressed(), measured, file, { signal })
  return {
    name: part.name,
    bytes: counted.bytes,
    sha256: hash.digest('hex'),
    decodedBytes: counted.decodedBytes,
    entries: counted.lines - part.headers,
  }
}

async function* inPieces(
  lines: AsyncIterable<string>,
  onLine: () => unknown,
): AsyncGenerator<Buffer> {
  let held: string[] = []
  let size = 0
  for await (const line of lines) {
    onLine()
    held.push(line, '\n')
    size += line.length + 1
    if (size < pieceBytes) continue
    yield Buffer.from(held.join(''))
    held = []
    size = 0
  }
  if (size > 0) yield Buffer.from(held.join(''))
}

/** The bytes of a part as they are carried. */
export function openPart(directory: string, { name }: BundlePart): Readable {
  return createReadStream(join(directory, name), { highWaterMark: 256 * 1024 })
}

/** The bytes of a part as they are read; refused as soon as there are more of them than the manifest says, or less at the end. */
export async function* decodePart(directory: string, part: BundlePart): AsyncGenerator<Uint8Array> {
  let size = 0
  try {
    for await (const piece of decodeZstd(openPart(directory, part), { chunkSize: 512 * 1024 })) {
      size += piece.byteLength
      if (size > part.decodedBytes) throw damaged(part, 'holds more than the manifest says')
      yield piece
    }
  } catch (error) {
    throw error instanceof ArchiveError ? damaged(part, error.message, error) : error
  }
  if (size !== part.decodedBytes) throw damaged(part, 'holds less than the manifest says')
}

/** The lines of a part, numbered from 1. */
export async function* readPartLines(
  directory: string,
  part: BundlePart,
): AsyncGenerator<{ readonly line: number; readonly text: string }> {
  const splitter = splitLines(bundleLimits.maxRecordBytes)
  const pieces = decodePart(directory, part)
  for await (const piece of pieces) yield* readable(part, splitter.write(piece))
  yield* readable(part, splitter.end())
}

function* readable(
  part: BundlePart,
  records: ReturnType<ReturnType<typeof splitLines>['end']>,
): Generator<{ readonly line: number; readonly text: string }> {
  for (const record of records) {
    if (record.kind === 'unreadable') throw damaged(part, `line ${record.line}: ${record.reason}`)
    yield record
  }
}

export function damaged({ name }: BundlePart, reason: string, cause?: unknown): Error {
  return scanningError('BUNDLE_UNREADABLE', `its ${name}: ${reason}`, { part: name }, { cause })
}
