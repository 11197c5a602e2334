import type { Ecosystem } from '../ecosystem.ts'
import { cabalFreeze } from './cabal-freeze.ts'
import { stackLock } from './stack-lock.ts'
import { compareHackageVersions } from './version.ts'

export const hackage: Ecosystem = {
  type: 'hackage',
  extractors: [stackLock, cabalFreeze],
  compareVersions: compareHackageVersions,
  packageManager: 'HACKAGE',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'Hackage',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: [{ ecosystem: 'Hackage', name, version }],
  }),
}
