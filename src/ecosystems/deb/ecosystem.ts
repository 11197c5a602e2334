import type { Distribution, Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { builderOf } from './builders.ts'
import { chiselManifest } from './chisel-manifest.ts'
import { dpkgFiles } from './dpkg-files.ts'
import { dpkgStatus } from './dpkg-status.ts'
import { compareDebVersions } from './version.ts'

export const deb: Ecosystem = {
  type: 'deb',
  extractors: [dpkgStatus, dpkgFiles, chiselManifest],
  compareVersions: compareDebVersions,
  packageManager: 'OS',
  ownsAdvisoryEcosystem: (ecosystem) => /^(?:(?:Debian|Ubuntu)(?::|$)|Echo$)/.test(ecosystem),
  // DSA and DLA are about what was mended; Ubuntu's tracker has every flaw, and so have records made of Debian's.
  tellsOfUnmended: ({ id, ecosystem }) =>
    ecosystem.startsWith('Ubuntu') || /^(?:DEBIAN-(?:CVE|TEMP)|ECHO-CVE)-/.test(id),
  isDecisive: ({ ecosystem, version }) =>
    ecosystem.startsWith('Ubuntu:Pro:') && /[+~]esm[0-9]/.test(version),
  normaliseName: (name) => name,
  lookup: lookupDeb,
}

/** Debian's, Ubuntu's and Echo's advisories speak of source packages of one release, and of those that they built themselves. */
function lookupDeb(found: Package, distribution: Distribution | undefined): Lookup {
  const release = releaseOf(distribution)
  if (release.kind === 'unknown') return release
  const builder = builderOf(found)
  if (builder !== undefined) {
    const reason = `packages of ${builder} are not the distribution's: no advisories are known for them`
    return { kind: 'unknown', reason, scope: 'package' }
  }
  if (found.source === undefined) {
    const reason =
      'advisories are by source package, and a manifest of chisel does not say from which source a package is built'
    return { kind: 'unknown', reason }
  }
  const { name, version } = found.source
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
  if (id === 'debian') return debianRelease(distribution)
  // It has no releases; what VERSION_ID says is the image's.
  if (id === 'echo') return { kind: 'known', ecosystems: ['Echo'] }
  if (id === 'ubuntu' && versionId !== undefined) {
    // What is fixed for subscribers only has rows of its own: a flaw all the same for those who are none.
    const names = [versionId, `${versionId}:LTS`, `Pro:${versionId}:LTS`]
    return { kind: 'known', ecosystems: names.map((name) => `Ubuntu:${name}`) }
  }
  return unknown(`no advisories are known for ${id} ${versionId ?? ''}`.trim())
}

function debianRelease({ versionId, codename }: Distribution): Release {
  if (versionId === undefined) {
    const name = codename === undefined ? '' : ` (${codename})`
    return unknown(`debian testing and unstable${name} have no advisories of their own`)
  }
  // Up to 3.1 the second number was part of the release's name.
  const [, release = versionId] = /^(3\.[01]|[0-9]+)/.exec(versionId) ?? []
  return { kind: 'known', ecosystems: [`Debian:${release}`] }
}

function unknown(reason: string): { readonly kind: 'unknown'; readonly reason: string } {
  return { kind: 'unknown', reason }
}
