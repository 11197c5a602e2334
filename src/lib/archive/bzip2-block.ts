// Purpose:  decode one block of a bzip2 stream.
// Spec:     as bzip2.ts: Huffman tables, move-to-front, run lengths, Burrows-Wheeler, run lengths again.
// Input:    bits that begin after the block's magic; may be hostile.
// Deviates: nothing beside what bzip2.ts says.
// Unknowns: numbers outside their bounds → ArchiveError.
import { ArchiveError } from './archive-error.ts'
import type { BitReader } from './bit-reader.ts'
import { readHuffmanTables, type HuffmanTable } from './bzip2-huffman.ts'

export interface Bzip2Block {
  readonly expected: number
  /** The bytes; once. */
  pieces(): Generator<Uint8Array>
  /** Of what `pieces` gave. */
  checksum(): number
}

const groupSize = 50
const pieceBytes = 1024 * 1024

/** Decodes up to the Burrows-Wheeler transform, and the rest as it is read. */
export function readBzip2Block(bits: BitReader, maxSymbols: number): Bzip2Block {
  const expected = bits.take32()
  if (bits.take(1) === 1) throw malformed('a randomised block')
  const origin = bits.take(24)
  const used = readUsedBytes(bits)
  const { tables, selectors } = readHuffmanTables(bits, used.length + 2)
  const symbols = new Uint32Array(maxSymbols)
  const counts = new Int32Array(256)
  const length = readSymbols({ bits, tables, selectors, used, symbols, counts })
  if (origin >= length) throw malformed('an origin outside of the block')
  invert(symbols, counts, length)
  const output = new Output(symbols, length, origin)
  return { expected, pieces: () => output.pieces(), checksum: () => output.checksum }
}

function readUsedBytes(bits: BitReader): Uint8Array {
  const ranges = bits.take(16)
  const used: number[] = []
  for (let range = 0; range < 16; range += 1) {
    if ((ranges & (0x8000 >>> range)) === 0) continue
    const members = bits.take(16)
    for (let member = 0; member < 16; member += 1)
      if ((members & (0x8000 >>> member)) !== 0) used.push(range * 16 + member)
  }
  if (used.length === 0) throw malformed('a block without bytes')
  return Uint8Array.from(used)
}

interface Coded {
  readonly bits: BitReader
  readonly tables: readonly HuffmanTable[]
  readonly selectors: Uint8Array
  /** The bytes that occur; becomes the move-to-front list. */
  readonly used: Uint8Array
  readonly symbols: Uint32Array
  readonly counts: Int32Array
}

/** Codes → bytes before the transform, with how often each occurs; gives their number. */
function readSymbols({ bits, tables, selectors, used, symbols, counts }: Coded): number {
  const end = used.length + 1
  const runs = new Runs(symbols, counts)
  for (let code = 0; ; code += 1) {
    const table = tables[selectors[Math.floor(code / groupSize)] ?? tables.length]
    if (table === undefined) throw malformed('more codes than their tables are told for')
    const symbol = table.read(bits)
    if (symbol <= 1) {
      runs.lengthen(symbol)
      continue
    }
    runs.write(used[0] ?? 0)
    if (symbol === end) return runs.length
    runs.lengthen(0)
    runs.write(moveToFront(used, symbol - 1))
  }
}

/** Runs of one byte, whose length is told in digits of one and two, the lowest first. */
class Runs {
  readonly #symbols: Uint32Array
  readonly #counts: Int32Array
  #run = 0
  #weight = 1
  length = 0

  constructor(symbols: Uint32Array, counts: Int32Array) {
    this.#symbols = symbols
    this.#counts = counts
  }

  lengthen(digit: number): void {
    this.#run += this.#weight << digit
    this.#weight *= 2
    if (this.#run > this.#symbols.length) throw malformed('a run above the size of the block')
  }

  write(byte: number): void {
    const { length } = this
    if (length + this.#run > this.#symbols.length) throw malformed('a block above its size')
    if (this.#run === 1) this.#symbols[length] = byte
    else this.#symbols.fill(byte, length, length + this.#run)
    this.#counts[byte] = (this.#counts[byte] ?? 0) + this.#run
    this.length += this.#run
    this.#run = 0
    this.#weight = 1
  }
}

function moveToFront(list: Uint8Array, index: number): number {
  const byte = list[index]
  if (byte === undefined) throw malformed('a byte outside of its list')
  list.copyWithin(1, 0, index)
  list[0] = byte
  return byte
}

/** Puts above the byte of each place where the next one is: the inverse of the Burrows-Wheeler transform. */
function invert(symbols: Uint32Array, counts: Int32Array, length: number): void {
  let sum = 0
  for (let byte = 0; byte < 256; byte += 1) {
    const count = counts[byte] ?? 0
    counts[byte] = sum
    sum += count
  }
  for (let at = 0; at < length; at += 1) {
    const byte = (symbols[at] ?? 0) & 0xff
    const place = counts[byte] ?? 0
    counts[byte] = place + 1
    symbols[place] = ((symbols[place] ?? 0) | (at << 8)) >>> 0
  }
}

/** Walks the links, and undoes the first run-length coding: four equal bytes are followed by how many more. */
class Output {
  readonly #symbols: Uint32Array
  readonly #length: number
  readonly #origin: number
  #crc = 0xffffffff

  constructor(symbols: Uint32Array, length: number, origin: number) {
    this.#symbols = symbols
    this.#length = length
    this.#origin = origin
  }

  get checksum(): number {
    return (this.#crc ^ 0xffffffff) >>> 0
  }

  *pieces(): Generator<Uint8Array> {
    let piece = Buffer.alloc(pieceBytes + 256)
    let size = 0
    let place = (this.#symbols[this.#origin] ?? 0) >>> 8
    let last = -1
    let equal = 0
    for (let left = this.#length; left > 0; left -= 1) {
      const entry = this.#symbols[place] ?? 0
      const byte = entry & 0xff
      place = entry >>> 8
      if (equal === 4) {
        piece.fill(last, size, size + byte)
        size += byte
        equal = 0
        last = -1
      } else {
        equal = byte === last ? equal + 1 : 1
        last = byte
        piece[size] = byte
        size += 1
      }
      if (size < pieceBytes) continue
      yield this.#checked(piece.subarray(0, size))
      piece = Buffer.alloc(pieceBytes + 256)
      size = 0
    }
    if (size > 0) yield this.#checked(piece.subarray(0, size))
  }

  #checked(piece: Buffer): Buffer {
    let crc = this.#crc
    for (const byte of piece) crc = (crc << 8) ^ (crcTable[((crc >>> 24) ^ byte) & 0xff] ?? 0)
    this.#crc = crc
    return piece
  }
}

/** CRC-32 with the polynomial 04c11db7, the highest bit first. */
const crcTable = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24
  for (let bit = 0; bit < 8; bit += 1) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1
  return value
})

function malformed(what: string): ArchiveError {
  return new ArchiveError('malformed', `bzip2: ${what}`)
}
