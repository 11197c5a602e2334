import type { Ecosystem } from '../ecosystem.ts'
import { rDescription } from './description.ts'
import { renvLock } from './renv-lock.ts'
import { compareCranVersions } from './version.ts'

export const cran: Ecosystem = {
  type: 'cran',
  extractors: [rDescription, renvLock],
  compareVersions: compareCranVersions,
  packageManager: 'CRAN',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'CRAN',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({ kind: 'keys', keys: [{ ecosystem: 'CRAN', name, version }] }),
}
