// Purpose:  order two versions of a Rust crate.
// Spec:     Semantic Versioning 2.0.0, which Cargo requires; The Cargo Book, "The version field".
// Input:    version text of a lock file, an audited binary or an advisory; may be hostile.
// Deviates: a leading v is accepted.
// Unknowns: text that is no semantic version → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareSemantic, parseSemanticVersion, type SemanticVersion } from '../semver.ts'

export function compareCrateVersions(a: string, b: string): Comparison {
  const [left, right] = [parseCrateVersion(a), parseCrateVersion(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  return { kind: 'ordered', order: compareSemantic(left, right) }
}

function parseCrateVersion(text: string): SemanticVersion | undefined {
  return parseSemanticVersion(text.replace(/^v/, ''))
}
