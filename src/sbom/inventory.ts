// What a bill of materials is written from, and what one is read to: an image, its packages, and what is not known.
import type { Distribution, Package, PackageEvidence } from '../ecosystems/ecosystem.ts'
import type { Severity } from '../ecosystems/severity.ts'

/** What the document is about. */
export interface SbomSubject {
  /** A repository's name, a file's or a directory's. */
  readonly name: string
  /** Of the manifest; absent of what is no image. */
  readonly digest?: string
  /** `registry.example.com/team/app`, where clients find it. */
  readonly repositoryUrl?: string
  readonly architecture?: string
  /** `linux/arm64/v8`, as an index has it. */
  readonly platform?: string
}

/** One package at one place. */
export interface ListedPackage {
  readonly package: Package
  readonly path: string
  readonly evidence: PackageEvidence
  readonly extractorId: string
  readonly layerDigest: string
  readonly licenses?: readonly string[]
  readonly dependsOn?: readonly string[]
  readonly isDevelopment?: boolean
  /** The package of the operating system that brought the file. */
  readonly owner?: Package
  /** Why it is listed and not held against advisories. */
  readonly passedOver?: string
}

/** One flaw of one package. */
export interface ListedFinding {
  readonly vulnerability: string
  readonly aliases: readonly string[]
  readonly url: string
  readonly verdict: 'affected' | 'unknown'
  readonly severity: Severity
  readonly severitySource: string | undefined
  readonly score: number | undefined
  readonly vector: string | undefined
  readonly fixedVersion: string | undefined
  readonly summary: string | undefined
  readonly advisory: { readonly id: string; readonly source: string }
  readonly confidence: string
  readonly purl: string
  readonly paths: readonly string[]
  /** Of a finding that is listed apart: why. */
  readonly analysis?: FindingAnalysis
}

export interface FindingAnalysis {
  readonly state: 'not_affected' | 'false_positive' | 'in_triage' | 'resolved'
  /** CycloneDX's `code_not_present` and the like; absent where nothing of the list says it. */
  readonly justification?: string
  readonly detail: string
}

export interface SbomInventory {
  readonly subject: SbomSubject
  readonly distribution: Distribution | undefined
  readonly packages: readonly ListedPackage[]
  /** What the list of packages does not speak about; a list without any is whole as far as anybody can see. */
  readonly gaps: readonly string[]
  /** When the layers were read. */
  readonly scannedAt: Date
  readonly findings?: {
    readonly listed: readonly ListedFinding[]
    /** Of the vulnerability data. */
    readonly dataRevision: number
    /** What the findings do not speak about. */
    readonly gaps: readonly string[]
  }
}

export interface SbomTool {
  readonly name: string
  readonly version: string
}

/** So many packages are written or read; a document of more helps nobody and takes the memory of a server. */
export const maxSbomPackages = 100_000
