// The few blobs and the many manifests that schedules push: small, so that operations meet on the same ones.
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import type { KnownManifest } from './promises.ts'

export interface Content {
  readonly digest: Digest
  readonly bytes: Buffer
}

/** One is named by sha512: rows and keys do not care. */
export const contents: readonly Content[] = [0, 1, 2, 3, 4, 5].map((number) => {
  const bytes = Buffer.from(JSON.stringify({ blob: number, filler: 'x'.repeat(number * 5) }))
  return { bytes, digest: digestOf(bytes, number === 5 ? 'sha512' : 'sha256') }
})

const byDigest = new Map(contents.map((content) => [content.digest, content]))

export function contentOf(digest: Digest): Content {
  const content = byDigest.get(digest)
  if (content === undefined) throw new Error(`${digest} is no blob of the model`)
  return content
}

export interface BuiltManifest extends KnownManifest {
  readonly bytes: Buffer
}

export type ManifestPlan =
  | {
      readonly kind: 'image'
      readonly config: Content
      readonly layers: readonly Content[]
      readonly subject?: BuiltManifest | undefined
      /** A layer that clients fetch elsewhere; it need not be here. */
      readonly foreign?: Content | undefined
    }
  | { readonly kind: 'index'; readonly children: readonly BuiltManifest[] }

const layerType = 'application/vnd.oci.image.layer.v1.tar'

export function buildManifest(plan: ManifestPlan): BuiltManifest {
  const document = plan.kind === 'image' ? imageDocument(plan) : indexDocument(plan.children)
  const bytes = Buffer.from(JSON.stringify(document))
  const isImage = plan.kind === 'image'
  return {
    bytes,
    digest: digestOf(bytes),
    blobs: isImage ? [plan.config, ...plan.layers].map(({ digest }) => digest) : [],
    children: isImage ? [] : plan.children.map(({ digest }) => digest),
    subject: isImage ? plan.subject?.digest : undefined,
  }
}

function imageDocument(plan: Extract<ManifestPlan, { kind: 'image' }>): object {
  const { config, layers, subject, foreign } = plan
  const described = layers.map((layer) => descriptor(layerType, layer))
  const elsewhere =
    foreign === undefined
      ? []
      : [{ ...descriptor(layerType, foreign), urls: ['https://example.org/layer'] }]
  return {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptor(mediaTypes.ociConfig, config),
    layers: [...described, ...elsewhere],
    ...(subject === undefined ? {} : { subject: descriptor(mediaTypes.ociManifest, subject) }),
  }
}

function indexDocument(children: readonly BuiltManifest[]): object {
  const manifests = children.map((child) => descriptor(mediaTypes.ociManifest, child))
  return { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }
}

function descriptor(mediaType: string, { digest, bytes }: Content): object {
  return { mediaType, digest, size: bytes.byteLength }
}
