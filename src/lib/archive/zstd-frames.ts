// Purpose:  decode every frame of a zstd stream, where Node's decoder stops after the first.
// Spec:     RFC 8878 sections 3.1.1 (frames, blocks) and 3.1.2 (skippable frames).
// Input:    chunks of any size; may be hostile.
// Deviates: a window above 2^27 bytes is refused, because decoding it would take that much memory.
// Unknowns: a foreign magic, a reserved block or an end inside a frame → ArchiveError, never a short result.
import { pipeline } from 'node:stream'
import { constants, createZstdDecompress } from 'node:zlib'
import { ArchiveError, asArchiveError } from './archive-error.ts'

const maxWindowLog = 27
const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const maxHeaderBytes = 18

type State = 'header' | 'block-header' | 'body' | 'last-body' | 'checksum' | 'skippable'

/** Decoded bytes of all frames, in chunks of at most `chunkSize`. */
export async function* decodeZstd(
  source: AsyncIterable<Uint8Array>,
  { chunkSize }: { chunkSize: number },
): AsyncGenerator<Uint8Array> {
  const decoder = createZstdDecompress({
    chunkSize,
    params: { [constants.ZSTD_d_windowLogMax]: maxWindowLog },
  })
  const fed = { bytes: 0 }
  // The callback has nothing to add: pipeline destroys the decoder with the error, and its reader below gets it.
  const decoded = pipeline(framePieces(source, fed), decoder, () => undefined)
  try {
    for await (const chunk of decoded) if (chunk instanceof Uint8Array) yield chunk
  } catch (error) {
    throw asArchiveError(error)
  }
  // A decoder that disagrees with the splitter about a frame's end stops early and calls it success.
  if (decoder.bytesWritten !== fed.bytes)
    throw new ArchiveError('malformed', 'zstd decoder stopped before the end of the frames')
}

async function* framePieces(
  source: AsyncIterable<Uint8Array>,
  fed: { bytes: number },
): AsyncGenerator<Uint8Array> {
  const splitter = new ZstdFrameSplitter()
  for await (const chunk of source) {
    for (const piece of splitter.write(chunk)) {
      fed.bytes += piece.length
      yield piece
    }
  }
  splitter.end()
}

/** Cuts a stream of frames so that no piece crosses the end of a frame; skippable frames are dropped. */
export class ZstdFrameSplitter {
  #state: State = 'header'
  /** Bytes of the present header, as far as they have come. */
  readonly #header = Buffer.alloc(maxHeaderBytes)
  #headerBytes = 0
  #frameHeader: Uint8Array = new Uint8Array()
  /** Bytes of the present body that are still to come. */
  #remaining = 0
  #hasChecksum = false

  /** The pieces of this chunk, in order. */
  write(chunk: Uint8Array): readonly Uint8Array[] {
    const pieces: Uint8Array[] = []
    let start = 0
    let at = 0
    while (at < chunk.length) {
      const held = this.#headerBytes
      const before = this.#state
      at = this.#advance(chunk, at)
      const inFrame = this.#state !== 'header' && this.#state !== 'skippable'
      if (before === 'header' && inFrame && held > 0) {
        // The header began in an earlier chunk, where it was held back: it might have been a skippable frame's.
        pieces.push(Buffer.from(this.#frameHeader))
        start = at
      } else if (before !== 'header' && before !== 'skippable' && !inFrame) {
        pieces.push(chunk.subarray(start, at))
        start = at
      } else if (!inFrame) {
        start = at
      }
    }
    if (start < at) pieces.push(chunk.subarray(start, at))
    return pieces
  }

  /** Throws when the stream ended inside a frame. */
  end(): void {
    if (!this.#isBoundary()) throw new ArchiveError('truncated', 'zstd stream ends inside a frame')
  }

  #isBoundary(): boolean {
    return this.#state === 'header' && this.#headerBytes === 0
  }

  #expect(state: State, remaining = 0): void {
    this.#state = state
    this.#headerBytes = 0
    this.#remaining = remaining
  }

  #advance(chunk: Uint8Array, at: number): number {
    if (this.#state === 'header') return this.#takeFrameHeader(chunk, at)
    if (this.#state === 'block-header') return this.#takeBlockHeader(chunk, at)
    const taken = Math.min(this.#remaining, chunk.length - at)
    this.#remaining -= taken
    if (this.#remaining === 0) this.#finishBody()
    return at + taken
  }

  #finishBody(): void {
    if (this.#state === 'body') this.#expect('block-header')
    else if (this.#state === 'last-body' && this.#hasChecksum) this.#expect('checksum', 4)
    else this.#expect('header')
  }

  #fillHeader(chunk: Uint8Array, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + wanted - this.#headerBytes)
    this.#header.set(chunk.subarray(at, end), this.#headerBytes)
    this.#headerBytes += end - at
    return end
  }

  #takeFrameHeader(chunk: Uint8Array, from: number): number {
    let at = this.#fillHeader(chunk, from, 5)
    if (this.#headerBytes < 5) return at
    const magic = this.#header.readUInt32LE(0)
    const isSkippable = (magic & 0xfffffff0) >>> 0 === skippableMagic
    if (!isSkippable && magic !== frameMagic)
      throw new ArchiveError('malformed', 'bytes between zstd frames are no zstd frame')
    const wanted = isSkippable ? 8 : frameHeaderBytes(this.#header.readUInt8(4))
    at = this.#fillHeader(chunk, at, wanted)
    if (this.#headerBytes < wanted) return at
    if (isSkippable) this.#startSkippable()
    else this.#startFrame()
    return at
  }

  #startSkippable(): void {
    const size = this.#header.readUInt32LE(4)
    this.#expect(size === 0 ? 'header' : 'skippable', size)
  }

  #startFrame(): void {
    const descriptor = this.#header.readUInt8(4)
    this.#hasChecksum = (descriptor & 4) !== 0
    const isSingleSegment = (descriptor & 0x20) !== 0
    if (!isSingleSegment && this.#header.readUInt8(5) >> 3 > maxWindowLog - 10)
      throw new ArchiveError('window-too-large', `zstd window above 2^${maxWindowLog} bytes`)
    this.#frameHeader = this.#header.subarray(0, this.#headerBytes)
    this.#expect('block-header')
  }

  #takeBlockHeader(chunk: Uint8Array, from: number): number {
    const at = this.#fillHeader(chunk, from, 3)
    if (this.#headerBytes < 3) return at
    const bits = this.#header.readUIntLE(0, 3)
    const type = (bits >> 1) & 3
    if (type === 3) throw new ArchiveError('malformed', 'reserved zstd block type')
    this.#expect((bits & 1) === 1 ? 'last-body' : 'body', type === 1 ? 1 : bits >> 3)
    if (this.#remaining === 0) this.#finishBody()
    return at
  }
}

/** Length of magic, descriptor, window, dictionary id and content size (RFC 8878, 3.1.1.1). */
function frameHeaderBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const sizeFlag = descriptor >> 6
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag
  return 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes
}
