// Purpose:  order what Semantic Versioning orders: numbers, then pre-release identifiers.
// Spec:     Semantic Versioning 2.0.0, section 11.
// Input:    version text, split by the scheme that uses it; may be hostile.
// Deviates: nothing; what a scheme accepts beside it (a leading v, missing parts) is said where it is read.
// Unknowns: text outside the grammar is undefined, never an order.
import { compareDigits, compareText, maxVersionLength } from './digits.ts'

export interface SemanticVersion {
  /** Major, minor, patch; missing ones count as 0. */
  readonly numbers: readonly string[]
  /** Empty for a release. */
  readonly preRelease: readonly string[]
}

const semantic =
  /^([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?$/

/** A version of exactly the specification's form; build metadata has no part in the order. */
export function parseSemanticVersion(text: string): SemanticVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const [, major, minor, patch, preRelease] = semantic.exec(text) ?? []
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  return { numbers: [major, minor, patch], preRelease: preRelease?.split('.') ?? [] }
}

/** Negative when a is before b, positive when after, 0 when they are of one rank. */
export function compareSemantic(a: SemanticVersion, b: SemanticVersion): number {
  const length = Math.max(a.numbers.length, b.numbers.length)
  for (let index = 0; index < length; index += 1) {
    const order = compareDigits(a.numbers[index] ?? '0', b.numbers[index] ?? '0')
    if (order !== 0) return order
  }
  return comparePreReleases(a.preRelease, b.preRelease)
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
