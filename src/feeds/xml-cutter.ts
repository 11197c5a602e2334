// Purpose:  cut the elements of some names out of one large XML document.
// Spec:     XML 1.0, without what needs a document type: see ecosystems/xml-document.ts, which then reads what is cut.
// Input:    bytes of a feed's file, already decompressed, in an encoding that has ASCII's bytes for markup; hostile, of any size.
// Deviates: prefixes of names are dropped; a document type with declarations of its own is refused.
// Unknowns: an element above the limit → 'too-long' with its place; markup that does not close, a depth above the limit, an
//           end inside the document → FeedError, since nobody knows what else is missing.
import { capped } from '../storage/feeds/capped.ts'
import { FeedError } from '../storage/feeds/transport.ts'
import type { CutLimits } from './json-cutter.ts'

export type CutElement =
  | {
      readonly kind: 'element'
      readonly line: number
      readonly name: string
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'too-long'; readonly line: number; readonly name: string }

/** Elements called one of `names`, in the order of the document; none within another. Memory is bounded by one of them. */
export async function* cutXml(
  source: AsyncIterable<Uint8Array>,
  names: ReadonlySet<string>,
  limits: CutLimits,
): AsyncGenerator<CutElement> {
  const cutter = new XmlCutter(names, limits.maxValueBytes)
  for await (const chunk of capped(source, limits.maxTotalBytes)) yield* cutter.write(chunk)
  cutter.end()
}

const maxDepth = 64
const maxMarkupBytes = 1024 * 1024

interface Capture {
  readonly name: string
  readonly line: number
  /** How many elements were open where it began. */
  readonly depth: number
  readonly pieces: Buffer[]
  size: number
}

class XmlCutter {
  readonly #names: ReadonlySet<string>
  readonly #limit: number
  /** The beginning of markup whose end is not here yet. */
  #rest: Buffer = Buffer.alloc(0)
  #depth = 0
  #line = 1
  #hasRoot = false
  #capture: Capture | undefined

  constructor(names: ReadonlySet<string>, limit: number) {
    this.#names = names
    this.#limit = limit
  }

  *write(chunk: Uint8Array): Generator<CutElement> {
    const bytes = Buffer.concat([this.#rest, chunk])
    let at = 0
    for (;;) {
      const start = bytes.indexOf(lessThan, at)
      this.#pass(bytes.subarray(at, start === -1 ? undefined : start))
      if (start === -1) {
        this.#rest = Buffer.alloc(0)
        return
      }
      const end = endOfMarkup(bytes, start)
      if (end === undefined) {
        this.#rest = bytes.subarray(start)
        if (this.#rest.length > maxMarkupBytes) throw this.#malformed('markup that does not end')
        return
      }
      const cut = this.#take(bytes.subarray(start, end))
      if (cut !== undefined) yield cut
      at = end
    }
  }

  end(): void {
    if (this.#rest.length > 0 || this.#depth > 0)
      throw this.#malformed('the file ends inside its XML')
    if (!this.#hasRoot) throw new FeedError('malformed', 'the file is empty or no XML')
  }

  /** One piece of markup; the element that it ends. */
  #take(markup: Buffer): CutElement | undefined {
    const second = markup[1]
    if (second === exclamation || second === question) {
      if (markup.includes('[') && markup.subarray(0, 9).toString('latin1') === '<!DOCTYPE')
        throw this.#malformed('a document type with declarations')
      this.#pass(markup)
      return undefined
    }
    if (second === slash) return this.#close(markup)
    const isEmpty = markup.at(-2) === slash
    this.#open(markup, isEmpty)
    return isEmpty && this.#capture?.depth === this.#depth ? this.#emit() : undefined
  }

  #open(markup: Buffer, isEmpty: boolean): void {
    if (this.#depth === 0 && this.#hasRoot) throw this.#malformed('a second document')
    if (this.#depth >= maxDepth) throw this.#malformed(`deeper than ${maxDepth} levels`)
    this.#hasRoot = true
    if (this.#capture === undefined) {
      const name = nameOf(markup, 1)
      if (this.#names.has(name))
        this.#capture = { name, line: this.#line, depth: this.#depth, pieces: [], size: 0 }
    }
    this.#pass(markup)
    if (!isEmpty) this.#depth += 1
  }

  #close(markup: Buffer): CutElement | undefined {
    if (this.#depth === 0) throw this.#malformed('an end without a beginning')
    this.#pass(markup)
    this.#depth -= 1
    return this.#capture?.depth === this.#depth ? this.#emit() : undefined
  }

  #emit(): CutElement | undefined {
    const capture = this.#capture
    this.#capture = undefined
    if (capture === undefined) return undefined
    const { name, line, pieces, size } = capture
    return size > this.#limit
      ? { kind: 'too-long', line, name }
      : { kind: 'element', line, name, bytes: Buffer.concat(pieces, size) }
  }

  /** Counts lines, and keeps what belongs to an element that is cut. */
  #pass(piece: Buffer): void {
    const capture = this.#capture
    if (capture !== undefined) {
      capture.size += piece.length
      if (capture.size > this.#limit) capture.pieces.length = 0
      else if (piece.length > 0) capture.pieces.push(piece)
      // Views of chunks are joined now and then: thousands of small ones would keep every chunk alive.
      if (capture.pieces.length > 1024)
        capture.pieces.splice(0, capture.pieces.length, Buffer.concat(capture.pieces))
    }
    for (let at = piece.indexOf(newline); at !== -1; at = piece.indexOf(newline, at + 1))
      this.#line += 1
  }

  #malformed(what: string): FeedError {
    return new FeedError('malformed', `${what}, at line ${this.#line}`)
  }
}

const newline = 0x0a
const lessThan = 0x3c
const greaterThan = 0x3e
const exclamation = 0x21
const question = 0x3f
const slash = 0x2f
const doubleQuote = 0x22
const singleQuote = 0x27

/** Where the piece of markup that begins here ends; undefined where that is not known yet. */
function endOfMarkup(bytes: Buffer, start: number): number | undefined {
  for (const [beginning, ending] of bracketed) {
    const head = bytes.subarray(start, start + beginning.length)
    if (head.length < beginning.length && beginning.startsWith(head.toString('latin1')))
      return undefined
    if (head.toString('latin1') !== beginning) continue
    const end = bytes.indexOf(ending, start + beginning.length)
    return end === -1 ? undefined : end + ending.length
  }
  return endOfTag(bytes, start)
}

const bracketed = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const

/** Quoted values may hold any character but their quote. */
function endOfTag(bytes: Buffer, start: number): number | undefined {
  let quote = 0
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (quote !== 0) {
      if (byte === quote) quote = 0
    } else if (byte === doubleQuote || byte === singleQuote) quote = byte
    else if (byte === greaterThan) return at + 1
  }
  return undefined
}

/** Without its prefix. */
function nameOf(markup: Buffer, start: number): string {
  const text = markup.subarray(start, start + 256).toString('latin1')
  return (/^[^\s/>]+/.exec(text)?.[0] ?? '').replace(/^.*:/, '')
}
