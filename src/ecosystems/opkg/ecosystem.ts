import { compareDebVersions } from '../deb/version.ts'
import type { Distribution, Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { opkgFiles } from './opkg-files.ts'
import { opkgStatus } from './opkg-status.ts'

export const opkg: Ecosystem = {
  type: 'opkg',
  extractors: [opkgStatus, opkgFiles],
  // opkg took dpkg's comparison over (pkg.c, pkg_compare_versions).
  compareVersions: compareDebVersions,
  packageManager: 'OS',
  // OpenWrt's advisories are pages, and none of OSV's ecosystems.
  ownsAdvisoryEcosystem: () => false,
  normaliseName: (name) => name,
  lookup: lookupOpkg,
}

function lookupOpkg(_found: Package, distribution: Distribution | undefined): Lookup {
  const reason =
    distribution === undefined
      ? 'the image does not say which distribution it is'
      : `no advisories are known for ${distribution.id}: its packages are listed and not judged`
  return { kind: 'unknown', reason }
}
