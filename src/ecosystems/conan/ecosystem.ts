import type { Ecosystem } from '../ecosystem.ts'
import { conanLock } from './conan-lock.ts'
import { compareConanVersions } from './version.ts'

export const conan: Ecosystem = {
  type: 'conan',
  extractors: [conanLock],
  compareVersions: compareConanVersions,
  packageManager: 'CONAN',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'ConanCenter',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: [{ ecosystem: 'ConanCenter', name, version }],
  }),
}
