// Purpose:  decode CBOR that has one reading only, nested no deeper than an envelope is.
// Spec:     RFC 8949 sections 3 and 4.2 (preferred and deterministic encoding).
// Input:    an envelope, or its protected header; hostile.
// Deviates: of tags only 1 (time) is read; floating point numbers are refused: as a key, 1.0 would be the label 1.
// Unknowns: everything else → { kind: 'refused' }.
import { decode } from 'cborg'

/** The deepest thing in an envelope is a certificate in a chain in a header in the array: four. */
const maxDepth = 16
/** An envelope has some forty; a mebibyte of elements keeps the decoder for the better part of a second. */
const maxElements = 4096

/** A value with tag 1: what is inside is a time only if it is a number. */
export class CborTime {
  readonly seconds: number

  constructor(value: unknown) {
    this.seconds = typeof value === 'number' ? value : Number.NaN
  }
}

export type CborResult =
  | { readonly kind: 'decoded'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly reason: string }

/** Maps are Map; byte strings lie in the bytes given. */
export function readCbor(bytes: Uint8Array): CborResult {
  if (!isSmall(bytes))
    return {
      kind: 'refused',
      reason: `is nested deeper than ${maxDepth} levels, has more than ${maxElements} elements, is cut off, or has floating point numbers`,
    }
  try {
    const value: unknown = decode(bytes, {
      useMaps: true,
      strict: true,
      rejectDuplicateMapKeys: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowBigInt: false,
      allowNaN: false,
      allowInfinity: false,
      // Must call what it gets, else the content is not consumed.
      tags: { 1: (content) => new CborTime(content()) },
    })
    return { kind: 'decoded', value }
  } catch (error) {
    const why = error instanceof Error ? error.message : 'syntax error'
    return { kind: 'refused', reason: `is not CBOR as we read it: ${why}` }
  }
}

/** One pass over the heads of all elements: the decoder goes down by calling itself, and would run out of stack. */
function isSmall(bytes: Uint8Array): boolean {
  // How many elements are still to come at each level that is open.
  const open: number[] = [1]
  let elements = 0
  for (let at = 0; at < bytes.length && open.length > 0;) {
    const head = headAt(bytes, at)
    elements += 1
    if (head === undefined || elements > maxElements) return false
    at = head.next
    open.push((open.pop() ?? 0) - 1)
    if (head.inside > 0) open.push(head.inside)
    // A level is left when its last element is, and not before: an array of one in an array of one is two deep.
    else while (open.at(-1) === 0) open.pop()
    if (open.length > maxDepth) return false
  }
  // What is cut off, and what comes after the end, is the decoder's to refuse.
  return true
}

interface Head {
  /** Elements inside it. */
  readonly inside: number
  readonly next: number
}

function headAt(bytes: Uint8Array, at: number): Head | undefined {
  const [first = 0] = bytes.subarray(at, at + 1)
  const [major, short] = [first >> 5, first & 0x1f]
  const size = short < 24 ? 0 : 1 << (short - 24)
  const start = at + 1 + size
  const isFloat = major === 7 && size > 0
  // 28 and above are reserved, or of no definite length.
  if (short > 27 || start > bytes.length || isFloat) return undefined
  const value = size === 0 ? short : readNumber(bytes.subarray(at + 1, start))
  const [perValue, fixed] = insides[major] ?? [0, 0]
  const isString = major === 2 || major === 3
  return { inside: value * perValue + fixed, next: isString ? start + value : start }
}

/** By major type: elements inside for each of its number, and in any case. Arrays, maps, tags. */
const insides: Readonly<Record<number, readonly [number, number]>> = {
  4: [1, 0],
  5: [2, 0],
  6: [0, 1],
}

function readNumber(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}
