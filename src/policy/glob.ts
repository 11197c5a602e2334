// Purpose:  does a text match a pattern of runs (`*`) and single characters (`?`)?
// Spec:     IAM User Guide, "IAM JSON policy elements: Resource" and "Condition operators" (wildcards).
// Input:    a pattern cut at its runs, and a text; both may be hostile.
// Deviates: nothing; characters are UTF-16 code units, line breaks included.
// Unknowns: none.

/** A piece without a run. Where `ones` is set, any character stands at that place of `text`. */
export interface Segment {
  readonly text: string
  readonly ones: ReadonlySet<number> | undefined
}

/** Counts what the matcher looks at, so that tests hold its cost without a clock. */
export interface Meter {
  steps: number
}

export type Glob = (text: string, meter?: Meter) => boolean

type Finder = (text: string, from: number, meter: Meter | undefined) => number

/** Up to here the platform's own search is at most this many times dearer than one pass. */
const shortText = 16

/**
 * A matcher for segments with a run between each two of them. A middle segment is found as far left as it goes, which is
 * enough, as whatever follows begins with a run; so each character is passed once. A segment with single-character
 * wildcards costs one step for each 32 of its characters instead of one.
 */
export function compileGlob([head, ...rest]: readonly [Segment, ...(readonly Segment[])]): Glob {
  const tail = rest.pop()
  if (tail === undefined) {
    return (text, meter) => text.length === head.text.length && standsAt(head, text, 0, meter)
  }
  const finders = rest.filter(({ text }) => text !== '').map(compileFinder)
  const least = [head, ...rest, tail].reduce((sum, { text }) => sum + text.length, 0)
  return (text, meter) => {
    if (text.length < least) return false
    const end = text.length - tail.text.length
    if (!standsAt(head, text, 0, meter) || !standsAt(tail, text, end, meter)) return false
    let position = head.text.length
    for (const find of finders) {
      position = find(text, position, meter)
      if (position < 0) return false
    }
    return position <= end
  }
}

function standsAt(segment: Segment, text: string, at: number, meter: Meter | undefined): boolean {
  const { text: wanted, ones } = segment
  if (meter !== undefined) meter.steps += wanted.length
  if (ones === undefined) return text.startsWith(wanted, at)
  for (let index = 0; index < wanted.length; index++) {
    if (!ones.has(index) && text.charCodeAt(at + index) !== wanted.charCodeAt(index)) return false
  }
  return true
}

/** Gives where the leftmost occurrence ends, or -1. */
function compileFinder(segment: Segment): Finder {
  if (segment.ones !== undefined) return findByBits(segment.text, segment.ones)
  return segment.text.length <= shortText ? findShort(segment.text) : findLong(segment.text)
}

function findShort(wanted: string): Finder {
  return (text, from, meter) => {
    const found = text.indexOf(wanted, from)
    const end = found < 0 ? -1 : found + wanted.length
    if (meter !== undefined) meter.steps += (end < 0 ? text.length : end) - from
    return end
  }
}

/** Knuth, Morris and Pratt: what was matched already is never looked at again. */
function findLong(wanted: string): Finder {
  const borders = bordersOf(wanted)
  return (text, from, meter) => {
    let matched = 0
    let steps = 0
    let position = from
    for (; position < text.length && matched < wanted.length; position++) {
      const unit = text.charCodeAt(position)
      steps++
      while (matched > 0 && wanted.charCodeAt(matched) !== unit) {
        matched = borders[matched - 1] ?? 0
        steps++
      }
      if (wanted.charCodeAt(matched) === unit) matched++
    }
    if (meter !== undefined) meter.steps += steps
    return matched === wanted.length ? position : -1
  }
}

/** For each prefix that has one, the length of its longest proper prefix that is its suffix as well. */
function bordersOf(wanted: string): readonly number[] {
  const borders: number[] = []
  let length = 0
  for (let index = 1; index < wanted.length; index++) {
    const unit = wanted.charCodeAt(index)
    while (length > 0 && wanted.charCodeAt(length) !== unit) length = borders[length - 1] ?? 0
    if (wanted.charCodeAt(length) === unit) length++
    if (length > 0) borders[index] = length
  }
  return borders
}

/** Baeza-Yates and Gonnet's shift-and: bit i of the state says that the first i + 1 characters stand before this place. */
function findByBits(wanted: string, ones: ReadonlySet<number>): Finder {
  const { byUnit, byNone } = masksOf(wanted, ones)
  const words = Math.ceil(wanted.length / 32)
  const lastBit = 1 << ((wanted.length - 1) % 32)
  return (text, from, meter) => {
    const state: number[] = []
    for (let position = from; position < text.length; position++) {
      const lastWord = shiftIn(state, byUnit.get(text.charCodeAt(position)) ?? byNone, words)
      if (meter !== undefined) meter.steps += words
      if ((lastWord & lastBit) !== 0) return position + 1
    }
    return -1
  }
}

/** Gives the last word of the new state. */
function shiftIn(state: number[], mask: BitSet, words: number): number {
  let carry = 1
  let after = 0
  for (let word = 0; word < words; word++) {
    const before = state[word] ?? 0
    after = ((before << 1) | carry) & (mask[word] ?? 0)
    state[word] = after
    carry = before >>> 31
  }
  return after
}

/** Words of 32 bits; those that are all zero may be missing. */
type BitSet = readonly number[]

/** For each character the places where it may stand, and for those of no place of their own the places of any. */
function masksOf(
  wanted: string,
  ones: ReadonlySet<number>,
): { readonly byUnit: ReadonlyMap<number, BitSet>; readonly byNone: BitSet } {
  const byNone: number[] = []
  for (const place of ones) setBit(byNone, place)
  const byUnit = new Map<number, number[]>()
  for (let place = 0; place < wanted.length; place++) {
    if (ones.has(place)) continue
    const unit = wanted.charCodeAt(place)
    const mask = byUnit.get(unit) ?? [...byNone]
    setBit(mask, place)
    byUnit.set(unit, mask)
  }
  return { byUnit, byNone }
}

function setBit(mask: number[], place: number): void {
  const word = Math.floor(place / 32)
  mask[word] = (mask[word] ?? 0) | (1 << (place % 32))
}
