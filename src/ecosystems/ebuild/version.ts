// Purpose:  order two versions of Gentoo's packages.
// Spec:     Package Manager Specification 8, sections 3.2 (syntax) and 3.3 (comparison).
// Input:    version text as found in portage's database; may be hostile.
// Deviates: nothing.
// Unknowns: text outside the grammar → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'

interface EbuildVersion {
  readonly numbers: readonly string[]
  readonly letter: string
  readonly suffixes: readonly { readonly rank: number; readonly number: string }[]
  readonly revision: string
}

/** Where a version has no further suffix its rank is 0. */
const ranks: Readonly<Record<string, number>> = { alpha: -4, beta: -3, pre: -2, rc: -1, p: 1 }

const grammar =
  /^([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)[0-9]*)*)(?:-r([0-9]+))?$/

export function compareEbuildVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const order =
    compareNumbers(left.numbers, right.numbers) ||
    compareText(left.letter, right.letter) ||
    compareSuffixes(left.suffixes, right.suffixes) ||
    compareDigits(left.revision, right.revision)
  return { kind: 'ordered', order }
}

function parse(text: string): EbuildVersion | undefined {
  const match = text.length > maxVersionLength ? null : grammar.exec(text)
  if (match === null) return undefined
  const [, numbers = '', letter = '', suffixes = '', revision = '0'] = match
  return {
    numbers: numbers.split('.'),
    letter,
    suffixes: [...suffixes.matchAll(/_([a-z]+)([0-9]*)/g)].map(([, word = '', number = '']) => ({
      rank: ranks[word] ?? 0,
      number,
    })),
    revision,
  }
}

/** The first by value; a later one that begins with 0, on either side, as a fraction: 1.02 < 1.1, 1.010 = 1.01. */
function compareNumbers(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a[index] ?? '', b[index] ?? '']
    const isFraction = index > 0 && (x.startsWith('0') || y.startsWith('0'))
    const order = isFraction ? compareText(fraction(x), fraction(y)) : compareDigits(x, y)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function fraction(digits: string): string {
  return digits.replace(/0+$/, '')
}

function compareSuffixes(a: EbuildVersion['suffixes'], b: EbuildVersion['suffixes']): number {
  const length = Math.max(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a[index], b[index]]
    const order = (x?.rank ?? 0) - (y?.rank ?? 0) || compareDigits(x?.number ?? '', y?.number ?? '')
    if (order !== 0) return order
  }
  return 0
}
