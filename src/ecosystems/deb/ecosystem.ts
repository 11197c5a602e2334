import type { Distribution, Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { dpkgFiles } from './dpkg-files.ts'
import { dpkgStatus } from './dpkg-status.ts'
import { compareDebVersions } from './version.ts'

export const deb: Ecosystem = {
  type: 'deb',
  extractors: [dpkgStatus, dpkgFiles],
  compareVersions: compareDebVersions,
  packageManager: 'OS',
  ownsAdvisoryEcosystem: (ecosystem) => /^(?:Debian|Ubuntu)(?::|$)/.test(ecosystem),
  // DSA and DLA are about what was mended; Ubuntu's tracker has every flaw.
  tellsOfUnmended: (ecosystem) => ecosystem.startsWith('Ubuntu'),
  normaliseName: (name) => name,
  lookup: lookupDeb,
}

/** Debian's and Ubuntu's advisories speak of source packages of one release. */
function lookupDeb(found: Package, distribution: Distribution | undefined): Lookup {
  const release = releaseOf(distribution)
  if (release.kind === 'unknown') return release
  const { name, version } = found.source ?? found
  return {
    kind: 'keys',
    keys: release.ecosystems.map((ecosystem) => ({ ecosystem, name, version })),
  }
}

type Release =
  | { readonly kind: 'known'; readonly ecosystems: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string }

/** A derivative does not inherit its parent's advisories: its packages differ. */
function releaseOf(distribution: Distribution | undefined): Release {
  if (distribution === undefined) return unknown('the image does not say which distribution it is')
  const { id, versionId } = distribution
  if (id === 'debian') {
    return versionId === undefined
      ? unknown('debian testing and unstable have no advisories of their own')
      : { kind: 'known', ecosystems: [`Debian:${versionId.split('.', 1)[0] ?? ''}`] }
  }
  if (id === 'ubuntu' && versionId !== undefined) {
    return { kind: 'known', ecosystems: [`Ubuntu:${versionId}`, `Ubuntu:${versionId}:LTS`] }
  }
  return unknown(`no advisories are known for ${id} ${versionId ?? ''}`.trim())
}

function unknown(reason: string): { readonly kind: 'unknown'; readonly reason: string } {
  return { kind: 'unknown', reason }
}
