// Purpose:  write DER: the few kinds that certificates, requests and tokens are made of.
// Spec:     ITU-T X.690 section 10; RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
// Input:    our own values.
// Deviates: nothing.
// Unknowns: an OBJECT IDENTIFIER or a time that cannot be written → an Error: it is a fault of the caller.
import { tags } from './der.ts'

type Bytes = Uint8Array

export function element(tag: number, ...contents: readonly Bytes[]): Bytes {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])
}

function lengthOf(length: number): Bytes {
  if (length < 0x80) return Buffer.from([length])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}

export function sequence(...contents: readonly Bytes[]): Bytes {
  return element(tags.sequence, ...contents)
}

/** In the order of their bytes, as DER wants it. */
export function setOf(...contents: readonly Bytes[]): Bytes {
  return element(tags.set, ...contents.toSorted((one, other) => Buffer.compare(one, other)))
}

/** Bytes are an unsigned number, of any length and with or without leading zeros. */
export function integer(value: number | Bytes): Bytes {
  const given = typeof value === 'number' ? Buffer.from(evenHex(value), 'hex') : Buffer.from(value)
  const start = given.findIndex((byte) => byte !== 0)
  const shortest = start === -1 ? Buffer.from([0]) : given.subarray(start)
  const sign = (shortest[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : []
  return element(tags.integer, ...sign, shortest)
}

function evenHex(value: number): string {
  const hex = value.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

export function objectIdentifier(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const numbers = [first * 40 + second, ...rest]
  if (numbers.some((number) => !Number.isSafeInteger(number) || number < 0))
    throw new Error(`${dotted} is no object identifier`)
  return element(tags.objectIdentifier, Buffer.from(numbers.flatMap(base128)))
}

function base128(number: number): readonly number[] {
  const bytes = [number % 128]
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift(0x80 | (rest % 128))
  return bytes
}

export function octetString(content: Bytes): Bytes {
  return element(tags.octetString, content)
}

export function bitString(content: Bytes): Bytes {
  return element(tags.bitString, Buffer.from([0]), content)
}

/** Bits by number, bit 0 first, without trailing zeros. */
export function namedBits(bits: Iterable<number>): Bytes {
  const wanted = [...bits]
  if (wanted.length === 0) return element(tags.bitString, Buffer.from([0]))
  const last = Math.max(...wanted)
  const bytes = Buffer.alloc((last >> 3) + 1)
  for (const bit of wanted) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  return element(tags.bitString, Buffer.from([7 - (last & 7)]), bytes)
}

export function boolean(value: boolean): Bytes {
  return element(tags.boolean, Buffer.from([value ? 0xff : 0]))
}

export const nothing: Bytes = element(tags.null)

export function utf8String(text: string): Bytes {
  return element(tags.utf8String, Buffer.from(text, 'utf8'))
}

export function printableString(text: string): Bytes {
  return element(tags.printableString, Buffer.from(text, 'latin1'))
}

/** Of milliseconds since the epoch, to the second. */
export function time(at: number): Bytes {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const isUtcTime = at >= Date.UTC(1950, 0, 1) && at < Date.UTC(2050, 0, 1)
  return isUtcTime
    ? element(tags.utcTime, Buffer.from(digits.slice(2)))
    : element(tags.generalizedTime, Buffer.from(digits))
}

export function generalizedTime(at: number): Bytes {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return element(tags.generalizedTime, Buffer.from(digits))
}
