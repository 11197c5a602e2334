// Purpose:  cut a stream of bytes into the texts of JSON records, within stated limits.
// Spec:     RFC 8259 (JSON); one record a line, a list of records, or records that span lines.
// Input:    bytes of a feed or a file, plain, gzip or zstd; may be hostile.
// Deviates: which of the three forms it is, is told from the first line: `[` a list, a lone `{` a record over lines, else one a line.
// Unknowns: a record above the limit, text outside of records, an end inside a record → unreadable, and the rest is read on.
import { capped } from './capped.ts'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { asArchiveError } from '../../lib/archive/archive-error.ts'
import { decodeZstd } from '../../lib/archive/zstd-frames.ts'
import { splitLines, splitValues, type Splitter } from './json-splitters.ts'
import type { RecordText } from './record-text.ts'

export interface RecordLimits {
  readonly maxRecordBytes: number
  /** Of the decoded stream. */
  readonly maxTotalBytes: number
}

/** Records in the order of the stream; memory is bounded by one record and one chunk. */
export async function* readRecordTexts(
  source: AsyncIterable<Uint8Array>,
  limits: RecordLimits,
): AsyncGenerator<RecordText> {
  const raw = await peek(source)
  const decoded = await peek(decoderFor(raw.start)(raw.whole))
  const splitter = splitterFor(decoded.start, limits.maxRecordBytes)
  for await (const chunk of capped(decoded.whole, limits.maxTotalBytes))
    yield* splitter.write(chunk)
  yield* splitter.end()
}

const chunkSize = 512 * 1024
/** Enough to see codec and form: more leading white space than this is nobody's file. */
const peekBytes = 1024

/** The first bytes, and the stream as if they had not been read. */
async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly start: Buffer; readonly whole: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let size = 0
  while (size < peekBytes) {
    const next = await iterator.next()
    if (next.done === true) break
    chunks.push(next.value)
    size += next.value.byteLength
  }
  return { start: Buffer.concat(chunks).subarray(0, peekBytes), whole: resume(chunks, iterator) }
}

async function* resume(
  chunks: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}

type Decoder = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

function decoderFor(start: Buffer): Decoder {
  const magic = start.length < 4 ? 0 : start.readUInt32LE(0)
  // A skippable frame may lead: 50 2a 4d 18 to 5f 2a 4d 18.
  if (magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50) {
    return (source) => decodeZstd(source, { chunkSize })
  }
  if (start[0] === 0x1f && start[1] === 0x8b) return decodeGzip
  return (source) => source
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

function splitterFor(start: Buffer, maxRecordBytes: number): Splitter {
  const text = start
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (text.startsWith('[') || /^\{[ \t]*\r?\n/.test(text)) return splitValues(maxRecordBytes)
  return splitLines(maxRecordBytes)
}
