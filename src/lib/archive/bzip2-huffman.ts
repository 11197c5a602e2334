import { ArchiveError } from './archive-error.ts'
import type { BitReader } from './bit-reader.ts'

const longestCode = 20

export interface HuffmanTables {
  readonly tables: readonly HuffmanTable[]
  /** Which table each group of fifty codes has. */
  readonly selectors: Uint8Array
}

/** Tables and their order, as they stand before a block's codes. */
export function readHuffmanTables(bits: BitReader, symbols: number): HuffmanTables {
  const count = bits.take(3)
  if (count < 2 || count > 6) throw malformed('a block with no or too many tables')
  const selectors = readSelectors(bits, count)
  const tables = Array.from({ length: count }, () => new HuffmanTable(readLengths(bits, symbols)))
  return { tables, selectors }
}

/** Each by its place in a list that the last one moves to the front of, as many ones as that place. */
function readSelectors(bits: BitReader, count: number): Uint8Array {
  const selectors = new Uint8Array(bits.take(15))
  const order = Array.from({ length: count }, (_, index) => index)
  for (let index = 0; index < selectors.length; index += 1) {
    let place = 0
    while (bits.take(1) === 1) {
      place += 1
      if (place >= count) throw malformed('a table that is not there')
    }
    const [table = 0] = order.splice(place, 1)
    order.unshift(table)
    selectors[index] = table
  }
  return selectors
}

/** Each length by its difference from the one before. */
function readLengths(bits: BitReader, symbols: number): Uint8Array {
  const lengths = new Uint8Array(symbols)
  let length = bits.take(5)
  for (let symbol = 0; symbol < symbols; symbol += 1) {
    for (;;) {
      if (length < 1 || length > longestCode) throw malformed('a code of no length')
      if (bits.take(1) === 0) break
      length += bits.take(1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  return lengths
}

/** Canonical codes: of equal length in the order of their symbols. */
export class HuffmanTable {
  /** By length: the highest code, and what turns a code into its place among the ordered symbols. */
  readonly #highest = new Int32Array(longestCode + 1).fill(-1)
  readonly #offset = new Int32Array(longestCode + 1)
  readonly #ordered: Uint16Array
  readonly #shortest: number

  constructor(lengths: Uint8Array) {
    const ordered: number[] = []
    let code = 0
    let shortest = longestCode
    for (let length = 1; length <= longestCode; length += 1) {
      this.#offset[length] = ordered.length - code
      const before = ordered.length
      for (const [symbol, own] of lengths.entries()) if (own === length) ordered.push(symbol)
      const added = ordered.length - before
      if (added > 0) shortest = Math.min(shortest, length)
      code += added
      this.#highest[length] = added > 0 ? code - 1 : -1
      code *= 2
    }
    this.#ordered = Uint16Array.from(ordered)
    this.#shortest = shortest
  }

  read(bits: BitReader): number {
    let length = this.#shortest
    let code = bits.take(length)
    while (code > (this.#highest[length] ?? -1)) {
      if (length === longestCode) throw malformed('a code outside of its table')
      code = code * 2 + bits.take(1)
      length += 1
    }
    const symbol = this.#ordered[code + (this.#offset[length] ?? 0)]
    if (symbol === undefined) throw malformed('a code outside of its table')
    return symbol
  }
}

function malformed(what: string): ArchiveError {
  return new ArchiveError('malformed', `bzip2: ${what}`)
}
