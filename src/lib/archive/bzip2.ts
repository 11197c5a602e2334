// Purpose:  decode bzip2, which Node does not.
// Spec:     none official; Julian Seward's bzip2 1.0 and its description by J. Tsai ("BZIP2: Format Specification", 2016).
// Input:    chunks of any size, one stream or several joined; may be hostile.
// Deviates: blocks with the randomised bit, which no encoder has written since 1998, are refused.
// Unknowns: a wrong checksum, a code outside its table, or an end inside a stream → ArchiveError, never a short result.
import { ArchiveError } from './archive-error.ts'
import { readBzip2Block } from './bzip2-block.ts'
import { BitReader } from './bit-reader.ts'
import { yieldToEventLoop } from '../yield-to-event-loop.ts'

/** A block is at most 900,000 symbols of at most 20 bits, with its tables before them. */
const longestBlockBytes = 2.5 * 1024 * 1024
const blockMagic = 0x314159265359
const endMagic = 0x177245385090

/** Decoded bytes; memory is bounded by one block, a few megabytes. */
export async function* decodeBzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new Input(source[Symbol.asyncIterator]())
  try {
    for (let streams = 0; await input.fill(); streams += 1) yield* decodeStream(input, streams)
  } finally {
    await input.close()
  }
}

async function* decodeStream(input: Input, streams: number): AsyncGenerator<Uint8Array> {
  const level = readHeader(input.bits, streams)
  let combined = 0
  for (;;) {
    await input.fill()
    const magic = input.bits.take(24) * 0x1000000 + input.bits.take(24)
    if (magic === endMagic) break
    if (magic !== blockMagic) throw malformed('a block begins with other bytes')
    const block = readBzip2Block(input.bits, level * 100_000)
    for (const piece of block.pieces()) yield piece
    if (block.checksum() !== block.expected) throw malformed('a block has another checksum')
    combined = (((combined << 1) | (combined >>> 31)) ^ block.expected) >>> 0
    // A block costs tens of milliseconds: others get their turn.
    await yieldToEventLoop()
  }
  if (input.bits.take32() !== combined) throw malformed('the whole has another checksum')
  input.bits.align()
}

function readHeader(bits: BitReader, streams: number): number {
  const magic = bits.take(24)
  const level = bits.take(8) - 0x30
  if (magic !== 0x425a68 || level < 1 || level > 9) {
    const what = streams === 0 ? 'it is not bzip2' : 'other bytes follow the end'
    throw malformed(what)
  }
  return level
}

function malformed(what: string): ArchiveError {
  return new ArchiveError('malformed', `bzip2: ${what}`)
}

/** Holds the bytes of at least one block, or what is left. */
class Input {
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly bits = new BitReader()
  #isEnded = false

  constructor(iterator: AsyncIterator<Uint8Array>) {
    this.#iterator = iterator
  }

  /** Whether there is anything left. */
  async fill(): Promise<boolean> {
    if (this.bits.bytesLeft >= longestBlockBytes) return true
    const pieces: Uint8Array[] = []
    let size = this.bits.bytesLeft
    while (!this.#isEnded && size < 2 * longestBlockBytes) {
      const step = await this.#iterator.next()
      if (step.done === true) this.#isEnded = true
      else {
        pieces.push(step.value)
        size += step.value.byteLength
      }
    }
    if (pieces.length > 0) this.bits.append(pieces)
    return this.bits.bytesLeft > 0
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }
}
