// Purpose:  order two npm package versions.
// Spec:     Semantic Versioning 2.0.0, section 11; OSV schema, SEMVER ranges.
// Input:    version text as found in package.json or in an advisory; may be hostile.
// Deviates: a leading v or =, missing parts and more than three parts are accepted, since package.json holds them.
// Unknowns: text that does not begin with a number → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { maxVersionLength } from '../digits.ts'
import { compareSemantic, type SemanticVersion } from '../semver.ts'

export function compareSemVersions(a: string, b: string): Comparison {
  const [left, right] = [parse(a), parse(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  return { kind: 'ordered', order: compareSemantic(left, right) }
}

function parse(text: string): SemanticVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  // Build metadata has no part in the order.
  const [plain = ''] = text.trim().split('+', 1)
  const match = /^[v=\s]*([0-9]+(?:\.[0-9]+)*)(?:-?([0-9A-Za-z.-]+))?$/.exec(plain)
  if (match === null) return undefined
  return { numbers: (match[1] ?? '').split('.'), preRelease: match[2]?.split('.') ?? [] }
}
