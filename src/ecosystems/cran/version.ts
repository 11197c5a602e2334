// Purpose:  order two versions of R packages.
// Spec:     R, package_version and compareVersion: numbers between `.` and `-`; the longer one is higher.
// Input:    version text as found in DESCRIPTION or in an advisory; may be hostile.
// Deviates: nothing.
// Unknowns: text outside the grammar → 'unparsable', never an order.
import type { Comparison } from '../ecosystem.ts'
import { compareDotted } from '../dotted-version.ts'

export function compareCranVersions(a: string, b: string): Comparison {
  return compareDotted(a, b, /^[0-9]+(?:[.-][0-9]+)*$/)
}
