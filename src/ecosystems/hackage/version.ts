// Purpose:  order two Haskell package versions.
// Spec:     Cabal, Distribution.Version: lists of numbers, in the order of lists.
// Input:    version text as found in a lock file or in an advisory; may be hostile.
// Deviates: nothing.
// Unknowns: text outside the grammar → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDotted } from '../dotted-version.ts'

export function compareHackageVersions(a: string, b: string): Comparison {
  return compareDotted(a, b, /^[0-9]+(?:\.[0-9]+)*$/)
}
