import type { Ecosystem } from '../ecosystem.ts'
import { bunLock } from './bun-lock.ts'
import { npmInstalled } from './inventory.ts'
import { npmPackageLock } from './package-lock.ts'
import { pnpmLock } from './pnpm-lock.ts'
import { compareSemVersions } from './version.ts'
import { yarnCache } from './yarn-cache.ts'
import { yarnLock } from './yarn-lock.ts'

export const npm: Ecosystem = {
  type: 'npm',
  extractors: [npmInstalled, yarnCache, npmPackageLock, yarnLock, pnpmLock, bunLock],
  compareVersions: compareSemVersions,
  purlName: (name) => {
    const [, namespace, bare] = /^(@[^/]+)\/(.+)$/.exec(name) ?? []
    return namespace === undefined || bare === undefined ? { name } : { namespace, name: bare }
  },
  packageManager: 'NODEPKG',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'npm',
  // Legacy packages differ in case only: names are exact.
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({ kind: 'keys', keys: [{ ecosystem: 'npm', name, version }] }),
}
