// Purpose:  cut single values out of one large JSON document, by where they stand in it.
// Spec:     RFC 8259 (JSON).
// Input:    bytes of a feed's file, already decompressed; hostile, and of any size.
// Deviates: what is passed over is followed by its quotes and brackets only; what is cut is for the caller to parse.
// Unknowns: a value above the limit → 'too-long' with its place; brackets that do not match, a depth or a name above the
//           limit, an end inside the document → FeedError, since nobody knows what else is missing.
import { capped } from '../storage/feeds/capped.ts'
import { FeedError } from '../storage/feeds/transport.ts'

/** Names of members from the root; `*` is any member or entry. */
export type JsonPath = readonly string[]

/** `keys` are the names that stand for the path, entries of lists by their number; `line` counts from 1. */
export type CutValue =
  | {
      readonly kind: 'value'
      readonly line: number
      readonly keys: readonly string[]
      readonly text: string
    }
  | { readonly kind: 'too-long'; readonly line: number; readonly keys: readonly string[] }

export interface CutLimits {
  /** Of one value that is cut. */
  readonly maxValueBytes: number
  /** Of the whole document. */
  readonly maxTotalBytes: number
}

/** Values at `path`, in the order of the document; memory is bounded by one value and one chunk. */
export async function* cutJson(
  source: AsyncIterable<Uint8Array>,
  path: JsonPath,
  limits: CutLimits,
): AsyncGenerator<CutValue> {
  const cutter = new JsonCutter(path, limits.maxValueBytes)
  for await (const chunk of capped(source, limits.maxTotalBytes)) yield* cutter.write(chunk)
  cutter.end()
}

const maxDepth = 64
const maxKeyBytes = 4096

interface Frame {
  readonly isObject: boolean
  /** Name of the member, or number of the entry, that is being read. */
  key: string
  index: number
  /** The next string is a name. */
  expectsKey: boolean
}

interface Capture {
  readonly line: number
  readonly keys: readonly string[]
  readonly pieces: Buffer[]
  size: number
  depth: number
  isScalar: boolean
}

class JsonCutter {
  readonly #path: JsonPath
  readonly #limit: number
  readonly #stack: Frame[] = []
  #line = 1
  #inString = false
  #escaped = false
  #keyPieces: Buffer[] | undefined
  #keySize = 0
  #capture: Capture | undefined
  #hasRoot = false
  readonly #cuts: CutValue[] = []
  /** Where in the present chunk what is kept of it begins. */
  #start = 0

  constructor(path: JsonPath, limit: number) {
    this.#path = path
    this.#limit = limit
  }

  /** The values that end within these bytes. */
  write(bytes: Uint8Array): readonly CutValue[] {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#start = 0
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0
      if (byte === newline) this.#line += 1
      if (this.#inString) this.#inside(byte, chunk, at)
      else this.#outside(byte, chunk, at)
    }
    this.#keep(chunk.subarray(this.#start))
    return this.#cuts.splice(0)
  }

  end(): void {
    if (this.#inString || this.#stack.length > 0 || this.#capture !== undefined)
      throw new FeedError('malformed', `the file ends inside its JSON, at line ${this.#line}`)
    if (!this.#hasRoot) throw new FeedError('malformed', 'the file is empty or no JSON object')
  }

  /** One byte within a string. */
  #inside(byte: number, chunk: Buffer, at: number): void {
    if (this.#keyPieces !== undefined && this.#keySize + at - this.#start > maxKeyBytes)
      throw new FeedError('malformed', `a name above ${maxKeyBytes} bytes at line ${this.#line}`)
    if (this.#escaped) this.#escaped = false
    else if (byte === backslash) this.#escaped = true
    else if (byte === quote) this.#endString(chunk, at)
  }

  /** A string that is cut itself is whole with its quote. */
  #endString(chunk: Buffer, at: number): void {
    this.#inString = false
    if (this.#keyPieces !== undefined) this.#endKey(chunk.subarray(this.#start, at))
    if (this.#capture?.depth === 0 && !this.#capture.isScalar)
      this.#take(chunk.subarray(this.#start, at + 1))
  }

  /** One byte outside of strings. */
  #outside(byte: number, chunk: Buffer, at: number): void {
    if (this.#capture?.isScalar === true && isDelimiter(byte))
      this.#take(chunk.subarray(this.#start, at))
    this.#begins(byte, at)
    if (byte === quote) this.#inString = true
    else if (this.#capture === undefined) this.#structure(byte)
    else if (this.#steps(byte)) this.#take(chunk.subarray(this.#start, at + 1))
  }

  /** A name or a wanted value may begin with this byte. */
  #begins(byte: number, at: number): void {
    if (this.#capture !== undefined) return
    if (byte === quote && this.#startsKey()) this.#start = at + 1
    else if (startsValue(byte) && this.#isWanted()) {
      this.#begin(byte)
      this.#start = at
    }
  }

  /** A string that begins now is the name of a member. */
  #startsKey(): boolean {
    const frame = this.#stack.at(-1)
    if (frame?.expectsKey !== true) return false
    this.#keyPieces = []
    this.#keySize = 0
    return true
  }

  #endKey(last: Buffer): void {
    const text = Buffer.concat([...(this.#keyPieces ?? []), last]).toString('utf8')
    this.#keyPieces = undefined
    const frame = this.#stack.at(-1)
    if (frame === undefined) return
    frame.key = unescape(text)
    frame.expectsKey = false
  }

  #isWanted(): boolean {
    return (
      this.#stack.length === this.#path.length &&
      this.#stack.every(
        (frame, depth) =>
          !frame.expectsKey && (this.#path[depth] === '*' || this.#path[depth] === frame.key),
      )
    )
  }

  #begin(byte: number): void {
    this.#capture = {
      line: this.#line,
      keys: this.#stack.map(({ key }) => key),
      pieces: [],
      size: 0,
      depth: 0,
      isScalar: byte !== quote && byte !== openBrace && byte !== openBracket,
    }
  }

  /** One byte of a value that is cut, outside of strings; whether it is the last. */
  #steps(byte: number): boolean {
    const capture = this.#capture
    if (capture === undefined || capture.isScalar) return false
    if (byte === openBrace || byte === openBracket) capture.depth += 1
    else if (byte === closeBrace || byte === closeBracket) capture.depth -= 1
    else return false
    return capture.depth === 0
  }

  /** One byte outside of strings and of what is cut. */
  #structure(byte: number): void {
    const frame = this.#stack.at(-1)
    if (byte === openBrace || byte === openBracket) this.#open(byte === openBrace)
    else if (byte === closeBrace || byte === closeBracket) this.#close(byte === closeBrace)
    else if (byte === comma && frame !== undefined) {
      frame.index += 1
      if (frame.isObject) frame.expectsKey = true
      else frame.key = String(frame.index)
    } else if (frame === undefined && !isBlank(byte)) {
      throw new FeedError('malformed', `text outside of the JSON document at line ${this.#line}`)
    }
  }

  #open(isObject: boolean): void {
    if (this.#stack.length >= maxDepth)
      throw new FeedError('malformed', `deeper than ${maxDepth} levels at line ${this.#line}`)
    if (this.#stack.length === 0 && this.#hasRoot)
      throw new FeedError('malformed', `a second document begins at line ${this.#line}`)
    this.#hasRoot = true
    this.#stack.push({ isObject, key: isObject ? '' : '0', index: 0, expectsKey: isObject })
  }

  #close(isObject: boolean): void {
    const frame = this.#stack.pop()
    if (frame?.isObject !== isObject)
      throw new FeedError('malformed', `brackets do not match at line ${this.#line}`)
  }

  #take(last: Buffer): void {
    this.#keep(last)
    const capture = this.#capture
    this.#capture = undefined
    if (capture === undefined) throw new Error('no value is being cut')
    const { line, keys, pieces, size } = capture
    const isLong = size > this.#limit
    const text = isLong ? '' : Buffer.concat(pieces, size).toString('utf8')
    this.#cuts.push(isLong ? { kind: 'too-long', line, keys } : { kind: 'value', line, keys, text })
  }

  /** What of a chunk belongs to a value or a name; copied, since the chunk's memory is its reader's. */
  #keep(piece: Buffer): void {
    const capture = this.#capture
    if (capture !== undefined) {
      capture.size += piece.length
      if (capture.size > this.#limit) capture.pieces.length = 0
      else if (piece.length > 0) capture.pieces.push(Buffer.from(piece))
      // A stream of single bytes must not cost a hundred times its size.
      if (capture.pieces.length > 1024)
        capture.pieces.splice(0, 1024, Buffer.concat(capture.pieces.slice(0, 1024)))
    } else if (this.#keyPieces !== undefined) {
      this.#keySize += piece.length
      this.#keyPieces.push(Buffer.from(piece))
    }
  }
}

const newline = 0x0a
const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** White space, and the bytes of a byte order mark. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || isMark(byte)
}

function isMark(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf
}

function isDelimiter(byte: number): boolean {
  return isBlank(byte) || byte === comma || byte === closeBrace || byte === closeBracket
}

function startsValue(byte: number): boolean {
  return !isDelimiter(byte) && byte !== 0x3a
}

function unescape(text: string): string {
  try {
    const key: unknown = JSON.parse(`"${text}"`)
    return typeof key === 'string' ? key : text
  } catch {
    // A name with a control character or a broken escape: nobody's name, and it stands in no path but under `*`.
    return text
  }
}
