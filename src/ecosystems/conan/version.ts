// Purpose:  order two Conan package versions.
// Spec:     Conan 2, Version: parts by value, zeros at the end do not count, then a pre-release as Semantic Versioning has it.
// Input:    version text as found in conan.lock or in an advisory; may be hostile.
// Deviates: Conan compares a part with letters (1.1.1t) with a number as text, which is no order; it is unparsable here.
// Unknowns: text outside the grammar → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareSemVersions } from '../npm/version.ts'

export function compareConanVersions(a: string, b: string): Comparison {
  for (const text of [a, b]) {
    if (!/^[0-9]+(?:\.[0-9]+)*(?:[-+].*)?$/.test(text)) return { kind: 'unparsable', text }
  }
  return compareSemVersions(a, b)
}
