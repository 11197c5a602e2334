// Purpose:  order two npm package versions.
// Spec:     Semantic Versioning 2.0.0, section 11; OSV schema, SEMVER ranges.
// Input:    version text as found in package.json or in an advisory; may be hostile.
// Deviates: a leading v or =, missing parts and more than three parts are accepted, since package.json holds them.
// Unknowns: text that does not begin with a number → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'

interface SemVer {
  readonly numbers: readonly string[]
  /** Empty for a release. */
  readonly preRelease: readonly string[]
}

export function compareSemVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  const order =
    compareNumbers(left.numbers, right.numbers) ||
    comparePreReleases(left.preRelease, right.preRelease)
  return { kind: 'ordered', order }
}

function parse(text: string): SemVer | undefined {
  if (text.length > maxVersionLength) return undefined
  // Build metadata has no part in the order.
  const [plain = ''] = text.trim().split('+', 1)
  const match = /^[v=\s]*([0-9]+(?:\.[0-9]+)*)(?:-?([0-9A-Za-z.-]+))?$/.exec(plain)
  if (match === null) return undefined
  return { numbers: (match[1] ?? '').split('.'), preRelease: match[2]?.split('.') ?? [] }
}

function compareNumbers(a: readonly string[], b: readonly string[]): number {
  const length = Math.max(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const order = compareDigits(a[index] ?? '0', b[index] ?? '0')
    if (order !== 0) return order
  }
  return 0
}

function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (const [index, x] of a.entries()) {
    const y = b[index]
    if (y === undefined) return 1
    const order = compareIdentifiers(x, y)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Numbers by value and before words; words by their bytes. */
function compareIdentifiers(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)]
  if (isNumberA && isNumberB) return compareDigits(a, b)
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  return compareText(a, b)
}
