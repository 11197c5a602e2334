// Purpose:  how sure is it that the package is there and has the flaw?
// Spec:     none; Pratique's scale, from the state that a package manager keeps to a text in an executable.
// Input:    how the package was found, and how the flaw was judged.
// Deviates: nothing.
// Unknowns: a version or range that could not be judged is the least sure of all.
import type { PackageEvidence } from '../../ecosystems/ecosystem.ts'

export const confidences = ['exact', 'high', 'medium', 'low'] as const
export type Confidence = (typeof confidences)[number]

export function confidenceOf(facts: {
  readonly verdict: 'affected' | 'unknown'
  readonly isSystemPackage: boolean
  /** The best of the places where the package was found. */
  readonly evidence: PackageEvidence
  /** A package of the system brought it, and may have mended it. */
  readonly isOwned: boolean
}): Confidence {
  if (facts.verdict === 'unknown' || facts.evidence !== 'installed') return 'low'
  if (facts.isSystemPackage) return 'exact'
  return facts.isOwned ? 'medium' : 'high'
}
