// Purpose:  read the JSON of a policy, with the place of every member and value.
// Spec:     RFC 8259; IAM API, parameter PolicyDocument (length and characters); IAM User Guide, grammar of the policy language.
// Input:    text of any form; hostile. Time and memory are linear in its length, the stack is bounded by the depth.
// Deviates: a member given twice, a lone surrogate or a control character behind an escape, and depth beyond the grammar's are refused.
// Unknowns: text that is not wholly understood → { kind: 'unreadable' }; nothing of it is returned.
import type { Place } from './document.ts'

export type JsonValue =
  | { readonly kind: 'object'; readonly members: readonly JsonMember[]; readonly at: Place }
  | { readonly kind: 'array'; readonly items: readonly JsonValue[]; readonly at: Place }
  | { readonly kind: 'string'; readonly value: string; readonly at: Place }
  /** A number keeps the text it was written with: `1.0` is not `1` to who reads it as a string. */
  | { readonly kind: 'number'; readonly value: string; readonly at: Place }
  | { readonly kind: 'boolean'; readonly value: 'true' | 'false'; readonly at: Place }
  | { readonly kind: 'null'; readonly at: Place }

export interface JsonMember {
  readonly name: string
  readonly value: JsonValue
  /** Of the name; `value.at` has the same pointer and the place of the value. */
  readonly at: Place
}

export interface JsonFault {
  readonly code:
    'INVALID_CHARACTER' | 'JSON_SYNTAX_ERROR' | 'DUPLICATE_MEMBER' | 'DOCUMENT_TOO_LONG'
  readonly problem: string
  readonly at: Place
}

export type JsonReading =
  | { readonly kind: 'read'; readonly root: JsonValue }
  | { readonly kind: 'unreadable'; readonly fault: JsonFault }

/** Characters of a document (IAM API, PolicyDocument). */
export const maxDocumentLength = 131_072

/** Document, statements, statement, Condition, operator, values: no policy is deeper. */
const maxDepth = 6

/**
 * Reads one JSON value; what is not JSON, or not of IAM's characters, is unreadable from its first fault on.
 * `characters`: documents of other grammars may hold any.
 */
export function readStrictJson(
  text: string,
  {
    characters = 'iam',
    maxLength = maxDocumentLength,
  }: { readonly characters?: 'iam' | 'any'; readonly maxLength?: number } = {},
): JsonReading {
  if (text.length > maxLength) {
    const problem = `the document has ${text.length} characters, and ${maxLength} are the most`
    return unreadable('DOCUMENT_TOO_LONG', problem, { pointer: '', line: 1, column: 1 })
  }
  const stray = /[^\t\n\r\u0020-\u00FF]/u.exec(text)
  if (characters === 'iam' && stray !== null) {
    const problem = `the character ${quoted(stray[0])} may not stand in a policy`
    return unreadable('INVALID_CHARACTER', problem, placeOf(text, stray.index))
  }
  const reader = new Reader(text)
  const root = reader.document()
  return root === undefined ? { kind: 'unreadable', fault: reader.fault } : { kind: 'read', root }
}

function unreadable(code: JsonFault['code'], problem: string, at: Place): JsonReading {
  return { kind: 'unreadable', fault: { code, problem, at } }
}

function placeOf(text: string, index: number): Place {
  const before = text.slice(0, index)
  const line = before.split('\n').length
  return { pointer: '', line, column: index - before.lastIndexOf('\n') }
}

const numberText = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const plainText = /[^"\\\t\r\n]*/y
const blank = /[\t\r ]*/y
const words: ReadonlyMap<string, 'true' | 'false' | 'null'> = new Map([
  ['t', 'true'],
  ['f', 'false'],
  ['n', 'null'],
])
const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** Stands at a place in the text. A method that gives undefined has set the fault, and nothing is read after it. */
class Reader {
  readonly #text: string
  #index = 0
  #line = 1
  #lineStart = 0
  #fault: JsonFault

  constructor(text: string) {
    this.#text = text
    this.#fault = { code: 'JSON_SYNTAX_ERROR', problem: '', at: this.#place('') }
  }

  get fault(): JsonFault {
    return this.#fault
  }

  document(): JsonValue | undefined {
    const root = this.#value('', 0)
    if (root === undefined) return undefined
    this.#skipBlanks()
    if (this.#index < this.#text.length) {
      return this.#refuse('there is more text behind the end of the document', '')
    }
    return root
  }

  #value(pointer: string, depth: number): JsonValue | undefined {
    this.#skipBlanks()
    const at = this.#place(pointer)
    const first = this.#text.charAt(this.#index)
    switch (first) {
      case '{':
        return this.#object(at, depth + 1)
      case '[':
        return this.#array(at, depth + 1)
      case '"': {
        const value = this.#string(pointer)
        return value === undefined ? undefined : { kind: 'string', value, at }
      }
      default:
        return this.#numberOrWord(at, first)
    }
  }

  #numberOrWord(at: Place, first: string): JsonValue | undefined {
    const word = words.get(first)
    if (word !== undefined && this.#text.startsWith(word, this.#index)) {
      this.#index += word.length
      return word === 'null' ? { kind: 'null', at } : { kind: 'boolean', value: word, at }
    }
    const number = this.#match(numberText)
    if (number !== '') return { kind: 'number', value: number, at }
    return this.#refuse(`a value is expected, and ${this.#next()} stands here`, at.pointer)
  }

  #object(at: Place, depth: number): JsonValue | undefined {
    const members: JsonMember[] = []
    const names = new Set<string>()
    const hasRead = this.#sequence('}', at.pointer, depth, () => {
      const member = this.#member(at.pointer, depth)
      if (member === undefined) return false
      if (names.has(member.name)) {
        this.#fault = {
          code: 'DUPLICATE_MEMBER',
          problem: `the member ${quoted(member.name)} is given twice`,
          at: member.at,
        }
        return false
      }
      names.add(member.name)
      members.push(member)
      return true
    })
    return hasRead ? { kind: 'object', members, at } : undefined
  }

  #member(parent: string, depth: number): JsonMember | undefined {
    this.#skipBlanks()
    const start = this.#place(parent)
    if (this.#text.charAt(this.#index) !== '"') {
      return this.#refuse(
        `a member's name in double quotes is expected, and ${this.#next()} stands here`,
        parent,
      )
    }
    const name = this.#string(parent)
    if (name === undefined) return undefined
    const at = { ...start, pointer: `${parent}/${pointerToken(name)}` }
    this.#skipBlanks()
    if (!this.#take(':')) {
      return this.#refuse(
        `a colon is expected behind ${quoted(name)}, and ${this.#next()} stands here`,
        at.pointer,
      )
    }
    const value = this.#value(at.pointer, depth)
    return value === undefined ? undefined : { name, value, at }
  }

  #array(at: Place, depth: number): JsonValue | undefined {
    const items: JsonValue[] = []
    const hasRead = this.#sequence(']', at.pointer, depth, () => {
      const value = this.#value(`${at.pointer}/${items.length}`, depth)
      if (value === undefined) return false
      items.push(value)
      return true
    })
    return hasRead ? { kind: 'array', items, at } : undefined
  }

  /** What stands between an opening sign, where the reader is, and its closing one; `readOne` reads one part of it. */
  #sequence(close: string, pointer: string, depth: number, readOne: () => boolean): boolean {
    if (depth > maxDepth) {
      this.#refuse(`nothing in a policy is nested ${depth} deep`, pointer)
      return false
    }
    this.#index += 1
    this.#skipBlanks()
    if (this.#take(close)) return true
    while (readOne()) {
      this.#skipBlanks()
      if (this.#take(close)) return true
      if (!this.#take(',')) {
        this.#refuse(`a comma or ${close} is expected, and ${this.#next()} stands here`, pointer)
        return false
      }
    }
    return false
  }

  #string(pointer: string): string | undefined {
    this.#index += 1
    const parts: string[] = []
    for (;;) {
      parts.push(this.#match(plainText))
      if (this.#take('"')) break
      if (this.#text.charAt(this.#index) !== '\\') {
        return this.#refuse(`a string does not end before ${this.#next()}`, pointer)
      }
      const escaped = this.#escape(pointer)
      if (escaped === undefined) return undefined
      parts.push(escaped)
    }
    const value = parts.join('')
    if (value.isWellFormed()) return value
    return this.#refuse('an escape makes half a character', pointer)
  }

  #escape(pointer: string): string | undefined {
    const sign = this.#text.charAt(this.#index + 1)
    const plain = escapes.get(sign)
    const code = this.#text.slice(this.#index + 2, this.#index + 6)
    const isUnicode = sign === 'u' && /^[0-9A-Fa-f]{4}$/.test(code)
    if (plain === undefined && !isUnicode) {
      return this.#refuse(`no escape begins with \\${sign}`, pointer)
    }
    const value = plain ?? String.fromCharCode(Number.parseInt(code, 16))
    // Nobody can see such a character where the policy is shown, and it could end a line in a log or a header.
    if (value < ' ' && !/[\t\n\r]/.test(value)) {
      return this.#refuse('an escape makes a control character', pointer)
    }
    this.#index += plain === undefined ? 6 : 2
    return value
  }

  #skipBlanks(): void {
    for (;;) {
      this.#match(blank)
      if (!this.#take('\n')) return
      this.#line += 1
      this.#lineStart = this.#index
    }
  }

  #take(sign: string): boolean {
    if (this.#text.charAt(this.#index) !== sign) return false
    this.#index += 1
    return true
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#index
    const [matched = ''] = pattern.exec(this.#text) ?? []
    this.#index += matched.length
    return matched
  }

  #next(): string {
    const sign = this.#text.charAt(this.#index)
    if (sign === '') return 'the end of the text'
    return sign === '\n' || sign === '\r' ? 'the end of the line' : quoted(sign)
  }

  #place(pointer: string): Place {
    return { pointer, line: this.#line, column: this.#index - this.#lineStart + 1 }
  }

  #refuse(problem: string, pointer: string): undefined {
    this.#fault = { code: 'JSON_SYNTAX_ERROR', problem, at: this.#place(pointer) }
    return undefined
  }
}

/** A member's name in a JSON pointer (RFC 6901, section 3). */
export function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** For a sentence: in quotes, short, and of printable ASCII, since it may come to stand in a header. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text
  return JSON.stringify(short).replaceAll(
    /[^\u0020-\u007E]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
