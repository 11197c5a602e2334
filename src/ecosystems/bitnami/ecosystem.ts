// The components that Bitnami's images have below /opt/bitnami.
import type { Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { bitnamiComponents } from './component-list.ts'
import { componentsWithRecords } from './components.ts'
import { bitnamiSpdx } from './spdx.ts'
import { compareBitnamiVersions } from './version.ts'

export const bitnami: Ecosystem = {
  type: 'bitnami',
  extractors: [bitnamiSpdx, bitnamiComponents],
  compareVersions: compareBitnamiVersions,
  // AWS has no word for it; OS would make them packages of the distribution.
  packageManager: 'BITNAMI',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'Bitnami',
  normaliseName: (name) => name.toLowerCase(),
  lookup,
}

function lookup({ name, version }: Package): Lookup {
  const known = name.toLowerCase()
  return componentsWithRecords.has(known)
    ? { kind: 'keys', keys: [{ ecosystem: 'Bitnami', name: known, version }] }
    : {
        kind: 'unknown',
        reason: `Bitnami's database has no records of its component ${known}`,
        scope: 'package',
      }
}
