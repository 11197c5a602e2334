// Purpose:  which versions does a list of fixed builds of one package leave affected?
// Spec:     none; Red Hat mends each minor release in a build of its own (`7.76.1-23.el9_2.4` and `7.76.1-26.el9_3.2`), Oracle
//           sometimes each architecture (`110-1.el8` and `110-1.0.1.el8`).
// Input:    versions of one package in one major release, as one record lists them; hostile.
// Deviates: by the union of OSV every build below the highest were affected, also those that continue a lower fix. A build
//           continues it where version and leading number of the release are the same.
// Unknowns: what lies between two fixes and continues none of them is affected: it may be the later minor release unmended.
import { compareRpmVersions } from '../ecosystems/rpm/version.ts'
import { affectedUntil, type OsvRange } from './osv-record.ts'

/** Ranges below each fix, from where the builds that continue the one before it end. */
export function affectedBelow(fixes: readonly string[]): readonly OsvRange[] {
  const ordered = [...new Set(fixes)].toSorted(byVersion)
  return ordered.flatMap((fixed, index) => {
    const before = ordered[index - 1]
    if (before === undefined) return affectedUntil(fixed)
    const introduced = afterSeries(before)
    if (byVersion(introduced, fixed) >= 0) return []
    return [{ type: 'ECOSYSTEM', events: [{ introduced }, { fixed }] }]
  })
}

function byVersion(a: string, b: string): number {
  const result = compareRpmVersions(a, b)
  return result.kind === 'ordered' ? result.order : 0
}

/** `7.76.1-24` after `7.76.1-23.el9_2.4`; the build itself where its release begins with no number. */
function afterSeries(build: string): string {
  const [, version, number] = /^(.+-)([0-9]{1,9})(?![0-9])/s.exec(build) ?? []
  return version === undefined || number === undefined ? build : `${version}${Number(number) + 1}`
}
