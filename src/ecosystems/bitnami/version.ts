// Purpose:  order two versions of Bitnami's components.
// Spec:     Bitnami's own numbering: Semantic Versioning, and behind it a revision of the packaging (17.2.0-8), which is after
//           the bare version; tags of images write it 17.2.0-debian-12-r8.
// Input:    version text from a component's document or an advisory; may be hostile.
// Deviates: a revision may have several parts (9.0.35-3.57.3); a bare version is its revision 0.
// Unknowns: what the order of programs does not know → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareProgramVersions } from '../generic/version.ts'
import { maxVersionLength } from '../digits.ts'
import { compareSemantic } from '../semver.ts'

interface ComponentVersion {
  /** With a pre-release, without a revision. */
  readonly program: string
  /** Without zeros at its end, so that none and 0 are one. */
  readonly revision: readonly string[]
}

export function compareBitnamiVersions(a: string, b: string): Comparison {
  const [left, right] = [split(a), split(b)]
  const result = compareProgramVersions(left.program, right.program)
  if (result.kind === 'unparsable')
    return { kind: 'unparsable', text: result.text === left.program ? a : b }
  if (result.order !== 0) return result
  return { kind: 'ordered', order: compareRevisions(left.revision, right.revision) }
}

const base = /^([^-+]*)-(?:[a-z]+-[0-9]+-)?r?([0-9]+(?:\.[0-9A-Za-z]+)*)(?:\+[0-9A-Za-z.-]*)?$/

/** A number after the version is a revision; a word (rc1) or what git describes (8-g210218) is a pre-release. */
function split(text: string): ComponentVersion {
  const [, program, revision] = (text.length > maxVersionLength ? null : base.exec(text)) ?? []
  if (program === undefined || revision === undefined) return { program: text, revision: [] }
  const parts = revision.split('.')
  const last = parts.findLastIndex((part) => !/^0+$/.test(part))
  return { program, revision: parts.slice(0, last + 1) }
}

/** As identifiers are ordered, none first. */
function compareRevisions(a: readonly string[], b: readonly string[]): number {
  return compareSemantic(
    { numbers: [], preRelease: ['0', ...a] },
    { numbers: [], preRelease: ['0', ...b] },
  )
}
