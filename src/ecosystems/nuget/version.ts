// Purpose:  order two versions of NuGet packages.
// Spec:     NuGet, "Package versioning" (Semantic Versioning 2.0.0 with a fourth number); NuGetVersion of NuGet.Versioning.
// Input:    version text as found in deps.json, lock files or an advisory; may be hostile.
// Deviates: numbers may be of any length.
// Unknowns: text outside the grammar, ranges and floating versions → 'unparsable', never an order.
import { compareDigits, compareText, maxVersionLength } from '../digits.ts'
import type { Comparison } from '../ecosystem.ts'

interface NugetVersion {
  readonly numbers: readonly string[]
  /** Identifiers after the hyphen, in lower case; absent for a release. */
  readonly prerelease: readonly string[] | undefined
}

const grammar =
  /^[vV]?([0-9]+(?:\.[0-9]+){0,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?$/

export function compareNugetVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  return {
    kind: 'ordered',
    order: compareNumbers(left.numbers, right.numbers) || comparePrereleases(left, right),
  }
}

function parse(text: string): NugetVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const [, numbers, prerelease] = grammar.exec(text.trim()) ?? []
  if (numbers === undefined) return undefined
  return { numbers: numbers.split('.'), prerelease: prerelease?.toLowerCase().split('.') }
}

/** A number that is not there is 0. */
function compareNumbers(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < 4; index += 1) {
    const order = compareDigits(a[index] ?? '', b[index] ?? '')
    if (order !== 0) return order
  }
  return 0
}

function comparePrereleases(
  { prerelease: a }: NugetVersion,
  { prerelease: b }: NugetVersion,
): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  for (const [index, x] of a.entries()) {
    const y = b[index]
    if (y === undefined) return 1
    const order = compareIdentifiers(x, y)
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Numbers by value and below words. */
function compareIdentifiers(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)]
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  return isNumberA ? compareDigits(a, b) : compareText(a, b)
}
