import type { RecordText } from './record-text.ts'

/** Fed with chunks, gives the records that are complete; `end` gives what is left. */
export interface Splitter {
  write(chunk: Uint8Array): Iterable<RecordText>
  end(): Iterable<RecordText>
}

/** One record a line; blank lines are nothing. */
export function splitLines(maxBytes: number): Splitter {
  const kept = new KeptBytes(maxBytes)
  let line = 0
  const finish = function* (): Generator<RecordText> {
    line += 1
    const record = kept.take(line)
    if (record.kind !== 'text' || record.text.trim() !== '') yield record
  }
  return {
    *write(chunk) {
      let start = 0
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        kept.add(chunk.subarray(start, end))
        yield* finish()
        start = end + 1
      }
      kept.add(chunk.subarray(start))
    },
    end: finish,
  }
}

/** Records of a list, or one after another, that may span lines; found by braces outside of strings. */
export function splitValues(maxBytes: number): Splitter {
  const kept = new KeptBytes(maxBytes)
  const at = { line: 1, startLine: 1, depth: 0, inString: false, escaped: false, listOpen: false }
  let foreign = false

  const outside = function* (byte: number): Generator<RecordText> {
    if (byte === openBrace) {
      foreign = false
      at.depth = 1
      at.startLine = at.line
    } else if (byte === openBracket && !at.listOpen) at.listOpen = true
    else if (byte === closeBracket && at.listOpen) at.listOpen = false
    else if (!separators.has(byte) && !foreign) {
      // Said once for each stretch, not for each byte.
      foreign = true
      yield unreadable(at.line, 'text outside of a record')
    }
  }

  return {
    *write(chunk) {
      let start = 0
      for (let index = 0; index < chunk.length; index += 1) {
        const byte = chunk[index] ?? 0
        if (byte === newline) at.line += 1
        if (at.depth === 0) {
          yield* outside(byte)
          start = index
        } else if (endsRecord(at, byte)) {
          kept.add(chunk.subarray(start, index + 1))
          yield kept.take(at.startLine)
        }
      }
      if (at.depth > 0) kept.add(chunk.subarray(start))
    },
    *end() {
      if (at.depth > 0) yield unreadable(at.startLine, 'the text ends inside this record')
      else if (at.listOpen) yield unreadable(at.line, 'the list has no end')
    },
  }
}

const newline = 0x0a
const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
/** White space, commas, and the bytes of a byte order mark. */
const separators: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0x2c, 0xef, 0xbb, 0xbf])

/** Steps over one byte inside a record. */
function endsRecord(
  at: { depth: number; inString: boolean; escaped: boolean },
  byte: number,
): boolean {
  if (at.inString) {
    if (at.escaped) at.escaped = false
    else if (byte === backslash) at.escaped = true
    else if (byte === quote) at.inString = false
    return false
  }
  if (byte === quote) at.inString = true
  else if (byte === openBrace || byte === openBracket) at.depth += 1
  else if (byte === closeBrace || byte === closeBracket) at.depth -= 1
  return at.depth === 0
}

function unreadable(line: number, reason: string): RecordText {
  return { kind: 'unreadable', line, reason }
}

/** Bytes of the record that is being read; beyond the limit they are counted and dropped. */
class KeptBytes {
  readonly #limit: number
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(piece: Uint8Array): void {
    this.#size += piece.byteLength
    if (this.#size > this.#limit) this.#pieces = []
    else if (piece.byteLength > 0) this.#pieces.push(piece)
    // A stream of single bytes must not cost a hundred times its size.
    if (this.#pieces.length > 1024) this.#pieces = [Buffer.concat(this.#pieces)]
  }

  take(line: number): RecordText {
    const size = this.#size
    const pieces = this.#pieces
    this.#size = 0
    this.#pieces = []
    if (size > this.#limit) return unreadable(line, `longer than ${this.#limit} bytes`)
    const text = Buffer.concat(pieces, size).toString('utf8')
    return { kind: 'text', line, text: line === 1 ? text.replace(/^\uFEFF/, '') : text }
  }
}
