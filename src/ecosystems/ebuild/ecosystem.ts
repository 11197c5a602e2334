import type { Distribution, Ecosystem, Lookup, Package, PurlName } from '../ecosystem.ts'
import { portageContents } from './portage-contents.ts'
import { portagePackage } from './portage-package.ts'
import { compareEbuildVersions } from './version.ts'

export const ebuild: Ecosystem = {
  type: 'ebuild',
  extractors: [portagePackage, portageContents],
  compareVersions: compareEbuildVersions,
  purlName: purlNameOf,
  packageManager: 'OS',
  // OSV has no ecosystem of Gentoo: GLSAs are published as XML of their own.
  ownsAdvisoryEcosystem: () => false,
  normaliseName: (name) => name,
  lookup: lookupEbuild,
}

/** The category is the namespace: `dev-perl/Getopt-Long`. */
function purlNameOf(name: string): PurlName {
  const [category = '', rest] = name.split('/', 2)
  return rest === undefined ? { name } : { namespace: category, name: rest }
}

function lookupEbuild(_found: Package, distribution: Distribution | undefined): Lookup {
  const reason =
    distribution === undefined
      ? 'the image does not say which distribution it is'
      : `no advisories are known for ${distribution.id}: its packages are listed and not judged`
  return { kind: 'unknown', reason }
}
