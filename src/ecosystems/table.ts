// Every package ecosystem. Adding one is a folder and a row here.
import { alpm } from './alpm/ecosystem.ts'
import { apk } from './apk/ecosystem.ts'
import { bioconductor } from './bioconductor/ecosystem.ts'
import { bitnami } from './bitnami/ecosystem.ts'
import { cargo } from './cargo/ecosystem.ts'
import { cocoapods } from './cocoapods/ecosystem.ts'
import { composer } from './composer/ecosystem.ts'
import { conan } from './conan/ecosystem.ts'
import { conda } from './conda/ecosystem.ts'
import { cpan } from './cpan/ecosystem.ts'
import { cran } from './cran/ecosystem.ts'
import { deb } from './deb/ecosystem.ts'
import { ebuild } from './ebuild/ecosystem.ts'
import type { Ecosystem, Extractor } from './ecosystem.ts'
import { gem } from './gem/ecosystem.ts'
import { generic } from './generic/ecosystem.ts'
import { golang } from './golang/ecosystem.ts'
import { hackage } from './hackage/ecosystem.ts'
import { hex } from './hex/ecosystem.ts'
import { julia } from './julia/ecosystem.ts'
import { maven } from './maven/ecosystem.ts'
import { npm } from './npm/ecosystem.ts'
import { nuget } from './nuget/ecosystem.ts'
import { opam } from './opam/ecosystem.ts'
import { opkg } from './opkg/ecosystem.ts'
import { otp } from './otp/ecosystem.ts'
import { pear } from './pear/ecosystem.ts'
import { pub } from './pub/ecosystem.ts'
import { pypi } from './pypi/ecosystem.ts'
import { rpm } from './rpm/ecosystem.ts'
import { swift } from './swift/ecosystem.ts'
import { wordpress } from './wordpress/ecosystem.ts'

// prettier-ignore
export const ecosystems: readonly Ecosystem[] = [
  alpm,
  apk,
  bioconductor,
  bitnami,
  cargo,
  cocoapods,
  composer,
  conan,
  conda,
  cpan,
  cran,
  deb,
  ebuild,
  gem,
  generic,
  golang,
  hackage,
  hex,
  julia,
  maven,
  npm,
  nuget,
  opam,
  opkg,
  otp,
  pear,
  pub,
  pypi,
  rpm,
  swift,
  wordpress,
]

/** By purl type. */
export function findEcosystem(type: string): Ecosystem | undefined {
  return ecosystems.find((ecosystem) => ecosystem.type === type)
}

/** Whose comparer judges advisories of this OSV ecosystem string; undefined for one that is only stored. */
export function ecosystemOfAdvisory(ecosystem: string): Ecosystem | undefined {
  return ecosystems.find((row) => row.ownsAdvisoryEcosystem(ecosystem))
}

/** All whose packages may be looked up in this OSV ecosystem. */
export function ecosystemsLookedUpIn(ecosystem: string): readonly Ecosystem[] {
  return ecosystems.filter(
    (row) => row.ownsAdvisoryEcosystem(ecosystem) || row.isLookedUpIn?.(ecosystem) === true,
  )
}

export function allExtractors(): readonly Extractor[] {
  return ecosystems.flatMap(({ extractors }) => extractors)
}

/** The purl type of the ecosystem that an extractor belongs to. */
export function typeOfExtractor(id: string): string | undefined {
  return ecosystems.find(({ extractors }) => extractors.some((extractor) => extractor.id === id))
    ?.type
}
