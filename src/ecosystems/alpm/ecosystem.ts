import type { Distribution, Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { pacmanFiles } from './pacman-files.ts'
import { pacmanLocal } from './pacman-local.ts'
import { compareAlpmVersions } from './version.ts'

export const alpm: Ecosystem = {
  type: 'alpm',
  extractors: [pacmanLocal, pacmanFiles],
  compareVersions: compareAlpmVersions,
  packageManager: 'OS',
  // OSV has no ecosystem of Arch: its tracker publishes groups of packages in a form of its own.
  ownsAdvisoryEcosystem: () => false,
  normaliseName: (name) => name,
  lookup: lookupAlpm,
}

function lookupAlpm(_found: Package, distribution: Distribution | undefined): Lookup {
  const reason =
    distribution === undefined
      ? 'the image does not say which distribution it is'
      : `no advisories are known for ${distribution.id}: its packages are listed and not judged`
  return { kind: 'unknown', reason }
}
