// Purpose:  order two versions of a Go module, or of Go itself.
// Spec:     Go Modules Reference, "Versions" and "Pseudo-versions"; go.dev/doc/toolchain, "Go versions".
// Input:    version text of build information, go.mod or the Go vulnerability database; may be hostile.
// Deviates: a leading v or go is optional, since the database has neither; go1.21 = go1.21.0, as the database counts.
// Unknowns: `(devel)`, branch names and everything else outside the grammar → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { maxVersionLength } from '../digits.ts'
import { compareSemantic, parseSemanticVersion, type SemanticVersion } from '../semver.ts'

/** 1.21, 1.21rc2, 1.21.3: the forms of Go itself that are no semantic versions. */
const goRelease = /^([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:(alpha|beta|rc)([0-9]+))?$/

export function compareGoVersions(a: string, b: string): Comparison {
  const [left, right] = [parseGoVersion(a), parseGoVersion(b)]
  if (left === undefined) return { kind: 'unparsable', text: a }
  if (right === undefined) return { kind: 'unparsable', text: b }
  return { kind: 'ordered', order: compareSemantic(left, right) }
}

function parseGoVersion(text: string): SemanticVersion | undefined {
  if (text.length > maxVersionLength) return undefined
  const bare = text.replace(/^(?:v|go)/, '')
  const semantic = parseSemanticVersion(bare)
  if (semantic !== undefined) return semantic
  const [, major, minor = '0', patch = '0', word, number] = goRelease.exec(bare) ?? []
  if (major === undefined) return undefined
  const preRelease = word === undefined || number === undefined ? [] : [word, number]
  return { numbers: [major, minor, patch], preRelease }
}
