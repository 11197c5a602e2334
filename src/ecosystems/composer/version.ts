// Purpose:  order two Composer package versions.
// Spec:     composer/semver, VersionParser::normalize, then PHP's version_compare.
// Input:    version text as found in installed.json or in an advisory; may be hostile.
// Deviates: numbers of any length, and words after the version that Composer refuses, are ordered by version_compare.
// Unknowns: branches (dev-main, 2.x-dev) and text that does not begin with a number → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, maxVersionLength } from '../digits.ts'

/** A number by value, a word by its rank: `dev < alpha < beta < RC < (nothing) < number < patch`. */
type Part = { readonly rank: number; readonly digits: string }

const leastNumbers = 4
const numberRank = 4
const nothing: Part = { rank: 3.5, digits: '' }
/** version_compare looks at how a word begins, in this order; any other is lower than all. */
const words: readonly (readonly [beginning: string, rank: number])[] = [
  ['dev', 0],
  ['a', 1],
  ['b', 2],
  ['rc', 3],
  ['p', 5],
]

export function compareComposerVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  return { kind: 'ordered', order: compareParts(left, right) }
}

/** A branch has no version: what it holds changes with every commit. */
export function isComposerBranch(version: string): boolean {
  return /^dev-/i.test(version) || /(?:^v?|\.)[x*](?:[.-]|$)/i.test(version)
}

function parse(text: string): readonly Part[] | undefined {
  if (text.length > maxVersionLength || isComposerBranch(text.trim())) return undefined
  // What follows a plus is of the build and has no part in the order.
  const plain = /^v?([0-9][0-9A-Za-z._-]*)(?:\+\S*)?$/i.exec(text.trim())?.[1]?.toLowerCase()
  if (plain === undefined) return undefined
  // Dates may have hyphens: 2010-01-02.
  const dotted = plain.replace(/^[0-9]{4}(?:-[0-9]{2}){1,6}/, (date) => date.replaceAll('-', '.'))
  const [head = ''] = /^[0-9]+(?:\.[0-9]+)*/.exec(dotted) ?? []
  const numbers = head.split('.').map(partOf)
  while (numbers.length < leastNumbers) numbers.push(partOf('0'))
  const rest = dotted.slice(head.length).match(/[0-9]+|[a-z]+/g) ?? []
  // `stable` is what a version without a word is.
  return [...numbers, ...rest.filter((word) => word !== 'stable').map(partOf)]
}

function partOf(text: string): Part {
  if (/^[0-9]/.test(text)) return { rank: numberRank, digits: text }
  return { rank: words.find(([beginning]) => text.startsWith(beginning))?.[1] ?? -1, digits: '' }
}

function compareParts(a: readonly Part[], b: readonly Part[]): number {
  const length = Math.max(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a[index] ?? nothing, b[index] ?? nothing]
    const order = x.rank - y.rank || compareDigits(x.digits, y.digits)
    if (order !== 0) return order
  }
  return 0
}
