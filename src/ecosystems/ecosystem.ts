// The contract of this folder: what an inventory is made of, and what each package ecosystem supplies.
import type { AffectedPackage } from './advisory.ts'

/** A package as found: the tuple that is interned and matched. Absent members are absent, never ''. */
export interface Package {
  /** purl type: deb, apk, npm, pypi … */
  readonly type: string
  /** Vendor or scope as purl has it: `debian`, `alpine`, `@babel`; absent where there is none. */
  readonly namespace?: string
  /** Name as the package database has it; lookup keys are computed by `lookupNames`. */
  readonly name: string
  readonly version: string
  readonly architecture?: string
  /** Source package (deb Source, apk origin), with the version that replaces the binary's. */
  readonly source?: { readonly name: string; readonly version: string }
  /** Module stream of an rpm, `nodejs:18`: advisories of other streams do not speak of it. */
  readonly module?: string
  /** Who built it, as the package database says (dpkg Maintainer, rpm Vendor, conda channel). */
  readonly vendor?: string
}

/** A package at a place: which file told of it. Paths have no leading slash. */
export interface PackageInstance {
  readonly package: Package
  readonly path: string
  readonly evidence: PackageEvidence
  /** SPDX expressions or names of licences, as the file has them. */
  readonly licenses?: readonly string[]
  /** What it needs: names, or `name@version`, of packages that the same file lists. */
  readonly dependsOn?: readonly string[]
  /** Needed to build or test only, as the lock file says. */
  readonly isDevelopment?: boolean
}

/**
 * How sure it is that the package is there: the state that its package manager keeps, a promise that only a lock file
 * makes, or a text in an executable that looks like its version.
 */
export type PackageEvidence = 'installed' | 'declared' | 'recognised'

/** Files that a package of the operating system brought, below the root, without a leading slash. */
export interface OwnedFiles {
  /** Names the package in the same kind of database: dpkg's `libc6`, `libc6:amd64`, an rpm's or apk's name. */
  readonly owner: string
  readonly paths: readonly string[]
}

/** Something that could not be read: shown to the user as coverage that is missing. */
export interface InventoryProblem {
  readonly path: string
  readonly reason: string
}

export interface Extraction {
  readonly instances: readonly PackageInstance[]
  readonly problems: readonly InventoryProblem[]
  /** Only of package databases of operating systems. */
  readonly owned?: readonly OwnedFiles[]
}

/** Reads one kind of file. Pure: bytes in, packages out; a malformed file is a problem, not a throw. */
export interface Extractor {
  /** Stable name, shown as evidence: `dpkg-status`. */
  readonly id: string
  /** Raised by 1 whenever the same bytes give another answer; layers read before are read again. */
  readonly revision: number
  /** Largest file read; a larger one becomes a problem. */
  readonly maxBytes: number
  /** Whether this path (no leading slash, `.` and `..` resolved) is wanted. Cheap: called for each entry. */
  wants(path: string): boolean
  /**
   * Present where only the content tells the kind (executables): whether a file that begins with these bytes, at most
   * 4096 of them, is one. It is then asked after `wants`, and no file that it refuses is read.
   */
  recognises?(head: Uint8Array): boolean
  /** ECR's and Inspector's packageManager word where it is not the ecosystem's: a lock file's NPM beside NODEPKG. */
  readonly packageManager?: string
  /** `path` is where the file lies; that of a nested package is `path!/inner/path`. */
  extract(path: string, bytes: Uint8Array): Extraction
}

/** The distribution an image is made from, by os-release. `id` `debian`, `versionId` `12`. */
export interface Distribution {
  readonly id: string
  readonly versionId?: string
  readonly codename?: string
  readonly idLike: readonly string[]
  readonly prettyName?: string
  /** The image was built under a subscription that extends the support of its release: Ubuntu Pro was attached. */
  readonly isSubscribed?: true
}

/** a < b → negative, a = b → 0, a > b → positive; or unparsable, which is never an order. */
export type Comparison =
  | { readonly kind: 'ordered'; readonly order: number }
  | { readonly kind: 'unparsable'; readonly text: string }

export type CompareVersions = (a: string, b: string) => Comparison

/** Where advisories for a package are looked up: OSV's ecosystem string and the name in it. */
export interface LookupKey {
  readonly ecosystem: string
  readonly name: string
  /** The version to hold against the advisory's ranges (the source version for deb and apk). */
  readonly version: string
}

/** What a lookup can be: keys, or the reason why nobody can speak about this package. */
export type Lookup =
  | { readonly kind: 'keys'; readonly keys: readonly LookupKey[] }
  | {
      readonly kind: 'unknown'
      readonly reason: string
      /**
       * 'package' where only this one is not spoken of (another builder's, a kind that nobody publishes advisories
       * for); else nobody speaks of the whole system.
       */
      readonly scope?: 'package'
    }

export interface PurlName {
  /** Segments are divided by slashes. */
  readonly namespace?: string
  readonly name: string
}

export interface Ecosystem {
  /** purl type. */
  readonly type: string
  readonly extractors: readonly Extractor[]
  readonly compareVersions: CompareVersions
  /** How the name stands in a purl where that is another than the name as it is; purl-spec's type definitions. */
  purlName?(name: string): PurlName
  /** How the version stands in a purl where a part of it is a qualifier there: rpm's epoch. */
  purlVersion?(version: string): { readonly version: string; readonly epoch?: string }
  /** ECR's and Inspector's packageManager word: OS, NODEPKG, PYTHONPKG … */
  readonly packageManager: string
  /** Whether this OSV ecosystem string (`Debian:12`, `npm`) is judged by this ecosystem's comparer. */
  ownsAdvisoryEcosystem(ecosystem: string): boolean
  /** Whether packages are looked up in an OSV ecosystem that is another one's; absent: in no such. */
  isLookedUpIn?(ecosystem: string): boolean
  /**
   * Whether what records say under this key stands in the place of what they say of the package under its others: where
   * it was built for subscribers of a distribution, the rows for them do.
   */
  isDecisive?(key: LookupKey): boolean
  /**
   * Whether the source of a record about this ecosystem string tells of flaws that are not mended yet, so that its silence
   * says something; absent: of mended ones only.
   */
  tellsOfUnmended?(record: { readonly id: string; readonly ecosystem: string }): boolean
  /** The name as stored for lookup: npm exact, pypi normalised by PEP 503. */
  normaliseName(name: string): string
  /**
   * Present where a record's own words decide of which packages it speaks: rpm's module streams. Gets what one record says
   * of this ecosystem's packages, and its summary.
   */
  refineAffected?(
    affected: readonly AffectedPackage[],
    summary: string | undefined,
  ): readonly AffectedPackage[]
  lookup(found: Package, distribution: Distribution | undefined): Lookup
}
