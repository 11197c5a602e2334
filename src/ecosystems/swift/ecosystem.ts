import type { Ecosystem } from '../ecosystem.ts'
import { compareSemVersions } from '../npm/version.ts'
import { nameOf, packageResolved } from './package-resolved.ts'

export const swift: Ecosystem = {
  type: 'swift',
  extractors: [packageResolved],
  compareVersions: compareSemVersions,
  purlName: (name) => {
    const slash = name.lastIndexOf('/')
    return slash <= 0 ? { name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) }
  },
  packageManager: 'SWIFT',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'SwiftURL',
  normaliseName: normaliseUrl,
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: [{ ecosystem: 'SwiftURL', name: normaliseUrl(name), version }],
  }),
}

/** Advisories have the address with and without its scheme and `.git`; hosts that matter ignore case. */
function normaliseUrl(name: string): string {
  return nameOf(name).toLowerCase()
}
