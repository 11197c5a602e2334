// Reads a document that a person writes, member by member, and remembers where each one stands.
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import { nearest } from '../../lib/nearest.ts'

export interface DocumentFault {
  readonly line: number
  readonly column: number
  /** `exempt[0].until`; empty for the document itself. */
  readonly member: string
  readonly problem: string
}

/** A value and its member's name from the root. */
export interface Member {
  readonly node: unknown
  readonly at: string
}

const maxFaults = 50
const tooDeep = 'the document is nested too deeply to be read'
const maxProblemLength = 300
const maxTextLength = 2000

/** Every fault is kept, up to fifty. Each reading method answers undefined where it found one. */
export class DocumentReader {
  readonly #faults: DocumentFault[] = []
  readonly #lines = new LineCounter()

  get faults(): readonly DocumentFault[] {
    return this.#faults
  }

  /** The root of a document in YAML 1.2, of which JSON is a part. */
  open(text: string, maxBytes: number): Member | undefined {
    const root: Member = { node: undefined, at: '' }
    if (Buffer.byteLength(text) > maxBytes)
      return this.fault(root, `the document has more than ${maxBytes} bytes`)
    try {
      const document = parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        schema: 'core',
        // The library holds each key of a mapping against every other one: a minute for a mapping as long as a document.
        uniqueKeys: false,
      })
      const told = [...document.errors, ...document.warnings]
      // The parser tells its own overflow as a fault of the text.
      if (told.some(({ message }) => message.includes('call stack')))
        return this.fault(root, tooDeep)
      for (const { pos, message } of told)
        this.fault({ node: { range: pos }, at: '' }, message.split('\n', 1)[0] ?? message)
      return this.#faults.length > 0 ? undefined : { node: document.contents, at: '' }
    } catch {
      return this.fault(root, tooDeep)
    }
  }

  fault({ node, at }: Member, problem: string): undefined {
    if (this.#faults.length >= maxFaults) return undefined
    const { line, col } = this.#lines.linePos(placeOf(node))
    this.#faults.push({
      line: Math.max(line, 1),
      column: Math.max(col, 1),
      member: at,
      problem: problem.slice(0, maxProblemLength),
    })
    return undefined
  }

  /** The members of a mapping by name; one that is given twice is a fault, and an unknown one, of which the nearest known is named. */
  members(member: Member, known: readonly string[]): ReadonlyMap<string, Member> | undefined {
    const { node, at } = member
    if (!isMap(node)) return this.#wrongType(member, `a mapping with ${known.join(', ')}`)
    const members = new Map<string, Member>()
    for (const { key, value } of node.items) {
      if (this.#faults.length >= maxFaults) break
      const name = isScalar(key) ? String(key.value) : ''
      const path = at === '' ? name : `${at}.${name}`
      const here: Member = { node: key, at: path.slice(0, maxProblemLength) }
      if (!known.includes(name)) this.fault(here, adviceFor(name, known))
      else if (members.has(name)) this.fault(here, 'is given twice')
      else if (isValue(value)) members.set(name, { node: value, at: path })
      else this.fault(here, 'has no value, or one that is written elsewhere')
    }
    return members
  }

  /** At most `max` elements. */
  list(member: Member, max: number): readonly Member[] | undefined {
    const { node, at } = member
    if (!isSeq(node)) return this.#wrongType(member, 'a list')
    if (node.items.length > max) return this.fault(member, `has more than ${max} elements`)
    return node.items.map((item, index) => ({ node: item, at: `${at}[${index}]` }))
  }

  /** A text, or a list of 1 to `max` texts. */
  texts(member: Member, max: number, expected: string): readonly (readonly [Member, string])[] {
    const members = isSeq(member.node) ? (this.list(member, max) ?? []) : [member]
    if (isSeq(member.node) && member.node.items.length === 0) this.fault(member, 'is an empty list')
    return members.flatMap((one) => {
      const text = this.text(one, expected)
      return text === undefined ? [] : [[one, text] as const]
    })
  }

  text(member: Member, expected = 'a text'): string | undefined {
    const { node } = member
    if (!isScalar(node) || typeof node.value !== 'string') return this.#wrongType(member, expected)
    const text = node.value.trim()
    if (text === '') return this.fault(member, `is empty; expected ${expected}`)
    if (text.length <= maxTextLength) return text
    return this.fault(member, `has more than ${maxTextLength} characters`)
  }

  word<Word extends string>(member: Member, words: readonly Word[]): Word | undefined {
    const { node } = member
    const text = isScalar(node) && typeof node.value === 'string' ? node.value : undefined
    const found = words.find((word) => word === text)
    return found ?? this.#wrongType(member, `one of ${words.join(', ')}`)
  }

  flag(member: Member): boolean | undefined {
    const { node } = member
    if (isScalar(node) && typeof node.value === 'boolean') return node.value
    return this.#wrongType(member, 'true or false')
  }

  number(
    member: Member,
    { min, max }: { readonly min: number; readonly max: number },
  ): number | undefined {
    const { node } = member
    const value = isScalar(node) && typeof node.value === 'number' ? node.value : Number.NaN
    if (value >= min && value <= max) return value
    return this.#wrongType(member, `a number from ${min} to ${max}`)
  }

  #wrongType(member: Member, expected: string): undefined {
    return this.fault(member, `is ${written(member.node)}; expected ${expected}`)
  }
}

function adviceFor(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`
  return `unknown member ${quoted(name)}: ${advice}`
}

/** A reference to another place (an alias) is none: whoever reads the document would have to follow it. */
function isValue(node: unknown): node is Node {
  return isMap(node) || isSeq(node) || (isScalar(node) && node.value !== null)
}

/** A value as a document has it, in one line. */
function written(node: unknown): string {
  if (isMap(node)) return 'a mapping'
  if (isSeq(node)) return 'a list'
  if (!isScalar(node) || node.value === null) return 'empty'
  return JSON.stringify(node.value)?.slice(0, 102) ?? 'no value'
}

function placeOf(node: unknown): number {
  if (typeof node !== 'object' || node === null || !('range' in node)) return 0
  return Array.isArray(node.range) ? Number(node.range[0]) : 0
}

export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
