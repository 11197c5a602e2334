import type { Ecosystem } from '../ecosystem.ts'
import { pubspecLock } from './pubspec-lock.ts'
import { compareBuildVersions } from './version.ts'

export const pub: Ecosystem = {
  type: 'pub',
  extractors: [pubspecLock],
  compareVersions: compareBuildVersions,
  packageManager: 'PUB',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'Pub',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({ kind: 'keys', keys: [{ ecosystem: 'Pub', name, version }] }),
}
