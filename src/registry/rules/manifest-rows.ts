// Purpose:  what the rows beside a manifest's bytes say of it, and whether rows that are kept still say it.
// Spec:     OCI distribution-spec "Listing Referrers" for the listed type; Pratique's design section 5: bytes are the truth.
// Input:    a parsed manifest and the length of its bytes; rows as they are kept.
// Deviates: nothing.
// Unknowns: none; bytes that cannot be parsed have no rows to compare, which is the caller's to tell.
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import type { ImageManifest, Manifest } from '../../oci/manifest.ts'
import { isNonDistributable } from '../../oci/media-type.ts'

export interface BlobReference {
  readonly role: string
  readonly digest: string
  readonly mediaType: string
  /** Bytes, as the manifest states them. */
  readonly size: number
}

export interface ManifestRows {
  readonly artifactType: string | undefined
  readonly subject: string | undefined
  /** Config and layers of an image in bytes; 0 for an index. */
  readonly imageSize: number
  /** JSON; kept for manifests with a subject only, whose list shows them. */
  readonly annotations: string | undefined
  /** Bytes of the manifest itself. */
  readonly size: number
  /** In order of position. */
  readonly blobs: readonly BlobReference[]
  readonly children: readonly string[]
}

export function rowsOf(manifest: Manifest, sizeBytes: number): ManifestRows {
  const blobs = manifest.kind === 'image' ? blobsOf(manifest) : []
  const annotations = manifest.subject === undefined ? undefined : manifest.annotations
  return {
    artifactType: listedType(manifest),
    subject: manifest.subject?.digest,
    imageSize: blobs.reduce((sum, { size }) => sum + size, 0),
    annotations: annotations === undefined ? undefined : JSON.stringify(annotations),
    size: sizeBytes,
    blobs,
    children: manifest.kind === 'index' ? manifest.manifests.map(({ digest }) => digest) : [],
  }
}

/** Names of what differs; empty when the rows say what the bytes say. */
export function findDifferences(kept: ManifestRows, parsed: ManifestRows): readonly string[] {
  const plain = (['artifactType', 'subject', 'imageSize', 'annotations', 'size'] as const).filter(
    (name) => kept[name] !== parsed[name],
  )
  const blobs = JSON.stringify(kept.blobs) === JSON.stringify(parsed.blobs) ? [] : ['blobs']
  const isSame = JSON.stringify(kept.children) === JSON.stringify(parsed.children)
  return [...plain, ...blobs, ...(isSame ? [] : ['children'])]
}

/** Blobs that a repository must have to hold the manifest: all but layers that clients fetch elsewhere. */
export function neededBlobs(manifest: ImageManifest): readonly Digest[] {
  const config = manifest.config === undefined ? [] : [manifest.config]
  const layers = manifest.layers.filter(
    (layer) => !layer.hasUrls && !isNonDistributable(layer.mediaType),
  )
  return [...config, ...layers].map(({ digest }) => digest)
}

/** As the referrers list shows it: an image that refers to another is listed by the type of its config. */
function listedType(manifest: Manifest): string | undefined {
  const isReferrer = manifest.kind === 'image' && manifest.subject !== undefined
  return manifest.artifactType ?? (isReferrer ? manifest.config?.mediaType : undefined)
}

function blobsOf(manifest: ImageManifest): readonly BlobReference[] {
  const layers = manifest.layers.map((layer) => reference('layer', layer))
  return manifest.config === undefined ? layers : [reference('config', manifest.config), ...layers]
}

function reference(role: string, { digest, mediaType, size }: Descriptor): BlobReference {
  return { role, digest, mediaType, size }
}
