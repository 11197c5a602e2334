// Purpose:  read DER one element at a time, so that nothing is built for bytes that nobody asked about.
// Spec:     ITU-T X.690 section 10 (DER); RFC 5280 section 4.1.2.5 (times).
// Input:    certificates, revocation lists and tokens as they came; hostile. Callers cap the bytes.
// Deviates: identifiers of more than one byte are refused: none of the structures read here has one.
// Unknowns: what is not DER → a DerFault, which every parser turns into a value.
import { calendarTime } from '../calendar-time.ts'

/** Thrown by readers of one structure and caught where that structure's parser returns. */
export class DerFault extends Error {}

export interface DerNode {
  /** Class, constructed bit and number as one byte: 0x30 is a SEQUENCE. */
  readonly tag: number
  readonly content: Uint8Array
  /** With identifier and length, as it was signed. */
  readonly whole: Uint8Array
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** `[number]` of a context: constructed for what holds elements, primitive for an implicit string. */
export function contextTag(number: number, form: 'constructed' | 'primitive'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number
}

/** Elements of one SEQUENCE beyond this are refused; revocation lists are walked with `eachChild`. */
const maxChildren = 4096

/** The one element that these bytes are. */
export function readDer(bytes: Uint8Array): DerNode {
  const node = elementAt(bytes, 0)
  if (node.whole.length !== bytes.length) throw new DerFault('there are bytes after the end')
  return node
}

/** The elements inside, read as they are asked for. */
export function* eachChild(node: DerNode): Generator<DerNode> {
  if ((node.tag & 0x20) === 0) throw new DerFault('an element that holds elements was expected')
  for (let at = 0; at < node.content.length;) {
    const child = elementAt(node.content, at)
    yield child
    at += child.whole.length
  }
}

export function childrenOf(node: DerNode): readonly DerNode[] {
  const children: DerNode[] = []
  for (const child of eachChild(node)) {
    if (children.length >= maxChildren) throw new DerFault(`more than ${maxChildren} elements`)
    children.push(child)
  }
  return children
}

function elementAt(bytes: Uint8Array, at: number): DerNode {
  const tag = bytes[at]
  if (tag === undefined) throw new DerFault('an element is missing')
  if ((tag & 0x1f) === 0x1f) throw new DerFault('an identifier has more than one byte')
  const { length, start } = lengthAt(bytes, at + 1)
  const end = start + length
  if (end > bytes.length) throw new DerFault('an element is longer than what holds it')
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) }
}

function lengthAt(
  bytes: Uint8Array,
  at: number,
): { readonly length: number; readonly start: number } {
  const first = bytes[at]
  if (first === undefined) throw new DerFault('a length is missing')
  if (first < 0x80) return { length: first, start: at + 1 }
  const count = first & 0x7f
  // Zero is BER's indefinite length; four bytes are more than any cap here.
  if (count === 0 || count > 4) throw new DerFault('a length is indefinite or too long')
  let length = 0
  for (let index = 1; index <= count; index += 1) {
    const byte = bytes[at + index]
    if (byte === undefined) throw new DerFault('a length is cut off')
    length = length * 256 + byte
  }
  const isShortest = length >= 0x80 && length >= 256 ** (count - 1)
  if (!isShortest) throw new DerFault('a length is not in its shortest form')
  return { length, start: at + 1 + count }
}

/** The elements of a SEQUENCE or SET in their order, with those that may be left out. */
export class DerFields {
  readonly #nodes: readonly DerNode[]
  #at = 0

  constructor(node: DerNode, tag: number = tags.sequence) {
    this.#nodes = childrenOf(expectTag(node, tag))
  }

  /** The next one; with `tag` it must be of that kind. */
  next(tag?: number): DerNode {
    const node = this.#nodes[this.#at]
    if (node === undefined) throw new DerFault('an element is missing')
    this.#at += 1
    return tag === undefined ? node : expectTag(node, tag)
  }

  /** The next one if it is of that kind. */
  optional(...kinds: readonly number[]): DerNode | undefined {
    const node = this.#nodes[this.#at]
    if (node === undefined || !kinds.includes(node.tag)) return undefined
    this.#at += 1
    return node
  }

  /** The next one, of any kind, if there is one. */
  any(): DerNode | undefined {
    const node = this.#nodes[this.#at]
    if (node !== undefined) this.#at += 1
    return node
  }

  end(): void {
    if (this.#at < this.#nodes.length) throw new DerFault('there are elements after the last one')
  }
}

export function expectTag(node: DerNode, tag: number): DerNode {
  if (node.tag === tag) return node
  throw new DerFault(`an element of kind ${hexByte(tag)} was expected, found ${hexByte(node.tag)}`)
}

function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}

/** Two's complement in its shortest form. */
export function readInteger(node: DerNode): Uint8Array {
  const { content } = expectTag(node, tags.integer)
  const [first, second] = content
  if (first === undefined) throw new DerFault('an INTEGER is empty')
  const isPadded =
    second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
  if (isPadded) throw new DerFault('an INTEGER is not in its shortest form')
  return content
}

/** Of zero or more, below 2^31. */
export function readSmallInteger(node: DerNode): number {
  const bytes = readInteger(node)
  const [first = 0] = bytes
  if (first >= 0x80 || bytes.length > 4) throw new DerFault('an INTEGER is out of range')
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}

export function readBoolean(node: DerNode): boolean {
  const { content } = expectTag(node, tags.boolean)
  const [value] = content
  if (content.length !== 1 || (value !== 0 && value !== 0xff))
    throw new DerFault('a BOOLEAN is neither true nor false')
  return value === 0xff
}

/** A BIT STRING of whole bytes, as keys and signatures are. */
export function readBytesOfBits(node: DerNode): Uint8Array {
  const { content } = expectTag(node, tags.bitString)
  if (content[0] !== 0) throw new DerFault('a BIT STRING is not of whole bytes')
  return content.subarray(1)
}

/** The numbers of the bits that are set, bit 0 first. */
export function readNamedBits(node: DerNode): ReadonlySet<number> {
  const { content } = expectTag(node, tags.bitString)
  const [unused] = content
  if (unused === undefined || unused > 7 || content.length > 9)
    throw new DerFault('a BIT STRING is malformed')
  const bits = new Set<number>()
  for (let bit = 0; bit < (content.length - 1) * 8 - unused; bit += 1) {
    const byte = content[1 + (bit >> 3)] ?? 0
    if ((byte & (0x80 >> (bit & 7))) !== 0) bits.add(bit)
  }
  return bits
}

/** Dotted decimal, of at most 32 numbers. */
export function readObjectIdentifier(node: DerNode): string {
  const { content } = expectTag(node, tags.objectIdentifier)
  const numbers: number[] = []
  let value = 0
  for (const [index, byte] of content.entries()) {
    if (value === 0 && byte === 0x80) throw new DerFault('an OBJECT IDENTIFIER is padded')
    value = value * 128 + (byte & 0x7f)
    if (!Number.isSafeInteger(value)) throw new DerFault('an OBJECT IDENTIFIER is out of range')
    if (byte < 0x80) {
      numbers.push(value)
      value = 0
    } else if (index === content.length - 1) {
      throw new DerFault('an OBJECT IDENTIFIER is cut off')
    }
  }
  const [first, ...rest] = numbers
  if (first === undefined || numbers.length > 32)
    throw new DerFault('an OBJECT IDENTIFIER is empty or too long')
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}

const timeForms: Readonly<Record<number, RegExp>> = {
  [tags.utcTime]: /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
  [tags.generalizedTime]: /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?Z$/,
}

/** Milliseconds since the epoch. Only timestamps have fractions; a certificate with one is read all the same. */
export function readTime(node: DerNode): number {
  const form = timeForms[node.tag]
  if (form === undefined) throw new DerFault('a time was expected')
  const found = form.exec(Buffer.from(node.content).toString('latin1'))
  if (found === null) throw new DerFault('a time is malformed')
  const [, year = '', ...rest] = found
  const century = node.tag === tags.generalizedTime ? '' : Number(year) >= 50 ? '19' : '20'
  const time = calendarTime([`${century}${year}`, ...rest.slice(0, 5)], rest[5])
  if (time === undefined) throw new DerFault('a time does not exist')
  return time
}

/** Runs a reader of one structure; a fault becomes its sentence. */
export function readOrFault<Value>(
  read: () => Value,
):
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'fault'; readonly reason: string } {
  try {
    return { kind: 'read', value: read() }
  } catch (error) {
    if (error instanceof DerFault) return { kind: 'fault', reason: error.message }
    throw error
  }
}
