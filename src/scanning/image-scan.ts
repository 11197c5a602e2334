import type { Readable } from 'node:stream'
import type { Distribution, PackageEvidence } from '../ecosystems/ecosystem.ts'
import type { Digest } from '../oci/digest.ts'
import type { PassedOver } from './rules/passed-over.ts'

/** Where a scan gets an image from: the registry, or an archive. */
export interface ImageContent {
  findManifest(
    digest: Digest,
  ): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined>
  openBlob(
    digest: Digest,
  ): Promise<{ readonly size: number; readonly stream: Readable } | undefined>
}

/**
 * PENDING → IN_PROGRESS → one of three ends that never look alike: COMPLETE (looked at, perhaps nothing found),
 * FAILED (could not look), UNSUPPORTED_IMAGE (looked, and cannot speak for all of it). No row: never asked for.
 */
export type ScanStatus = 'PENDING' | 'IN_PROGRESS' | 'COMPLETE' | 'FAILED' | 'UNSUPPORTED_IMAGE'

/** One package at one place in the image. */
export interface ScannedInstance {
  readonly packageId: number
  readonly path: string
  readonly layerDigest: Digest
  /** The image it lies in, where instances of several stand together or somebody must know it. */
  readonly imageDigest?: Digest
  readonly evidence: PackageEvidence
  /** What read it: shown as evidence. */
  readonly extractorId: string
  /** The package of the operating system that brought the file. */
  readonly ownerId?: number
  /** Listed, and without findings of its own. */
  readonly passedOver?: PassedOver
}

export interface ScanOutcome {
  readonly status: Exclude<ScanStatus, 'PENDING' | 'IN_PROGRESS'>
  /** Why it is not COMPLETE. */
  readonly reason: string | undefined
  /** What a COMPLETE answer does not speak about. */
  readonly notes: readonly string[]
  readonly distribution: Distribution | undefined
  /** Groups of advisory ecosystems, of each of which one must have data for the answer to mean something. */
  readonly dataNeeded: readonly (readonly string[])[]
  readonly instances: readonly ScannedInstance[]
  readonly dataRevision: number | undefined
  /** As the image's config says; absent where it was not read. */
  readonly architecture?: string
}

/** When an image left continuous scanning, and the revision of the data as of which its findings are from then on. */
export interface LeftScanning {
  readonly at: Date
  readonly revision: number
}

export interface ImageScan extends Omit<ScanOutcome, 'status' | 'instances' | 'architecture'> {
  readonly status: ScanStatus
  readonly requestedAt: Date
  readonly completedAt: Date | undefined
  /** What the image holds, shared by images that hold the same; absent of an index, and of an image without packages. */
  readonly setId?: number
  /** The version of the scanner that read it: `extractorRevision` of that time. */
  readonly engine: string | undefined
  /** Undefined of an image whose findings are renewed. */
  readonly left: LeftScanning | undefined
}
