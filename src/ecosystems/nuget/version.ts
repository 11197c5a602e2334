// Purpose:  order two versions of NuGet packages.
// Spec:     NuGet, "Package versioning" (Semantic Versioning 2.0.0 with a fourth number); NuGetVersion of NuGet.Versioning.
// Input:    version text as found in deps.json, lock files or an advisory; may be hostile.
// Deviates: numbers may be of any length.
// Unknowns: text outside the grammar, ranges and floating versions → 'unparsable', never an order.
import { maxVersionLength } from '../digits.ts'
import type { Comparison } from '../ecosystem.ts'
import { compareSemantic, type SemanticVersion } from '../semver.ts'

const grammar =
  /^[vV]?([0-9]+(?:\.[0-9]+){0,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?$/

export function compareNugetVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  return { kind: 'ordered', order: compareSemantic(left, right) }
}

/** Case does not count in the identifiers after the hyphen. */
function parse(text: string): SemanticVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const [, numbers, preRelease] = grammar.exec(text.trim()) ?? []
  if (numbers === undefined) return undefined
  return { numbers: numbers.split('.'), preRelease: preRelease?.toLowerCase().split('.') ?? [] }
}
