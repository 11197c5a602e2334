// Purpose:  read a manifest's bytes: what it is and what it refers to.
// Spec:     OCI image-spec manifest.md, image-index.md; Docker image manifest v2 schema 2 and manifest list.
// Input:    the bytes as pushed, at most 4 MiB, with the Content-Type; hostile.
// Deviates: the dropped OCI artifact manifest is read with its `blobs` as layers; unknown members are kept in the bytes and ignored here.
// Unknowns: a manifest type outside the closed set, or one that two readers could take for different types → refused.
import {
  faultOfType,
  isRecord,
  readAnnotations,
  readDescriptor,
  type Descriptor,
} from './descriptor.ts'
import {
  isImageConfigMediaType,
  isIndexMediaType,
  mediaTypes,
  parseManifestMediaType,
  type ManifestMediaType,
} from './media-type.ts'
import { parseStrictJson } from './strict-json.ts'

/** The largest manifest accepted, in bytes: clients read no larger one. */
export const maxManifestBytes = 4 * 1024 * 1024
const maxDescriptors = 10_000

interface ManifestCommon {
  readonly mediaType: ManifestMediaType
  readonly subject?: Descriptor
  /** The manifest's own artifactType, else its config's type when that is no image config. */
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

export interface ImageManifest extends ManifestCommon {
  readonly kind: 'image'
  readonly config?: Descriptor
  readonly layers: readonly Descriptor[]
}

export interface IndexManifest extends ManifestCommon {
  readonly kind: 'index'
  readonly manifests: readonly Descriptor[]
}

export type Manifest = ImageManifest | IndexManifest

export type ManifestResult =
  | { readonly kind: 'parsed'; readonly manifest: Manifest }
  | { readonly kind: 'refused'; readonly reason: string }

const knownKeys = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'blobs',
  'manifests',
  'subject',
  'annotations',
  'digest',
  'size',
  'urls',
  'data',
  'platform',
]

/** `declaredType` is the Content-Type of the push, if any; a contradiction with the body is refused. */
export function parseManifest(bytes: Uint8Array, declaredType: string | undefined): ManifestResult {
  const json = parseStrictJson(bytes, knownKeys)
  if (json.kind === 'refused') return refused(`the manifest ${json.reason}`)
  const body = json.value
  if (!isRecord(body)) return refused('the manifest is not a JSON object')
  const type = typeOf(body, declaredType)
  if (type.kind === 'refused') return type
  if (body['schemaVersion'] !== 2 && type.mediaType !== mediaTypes.ociArtifact) {
    return refused('schemaVersion is not 2: schema 1 is not supported, push with a current client')
  }
  const { artifactType } = body
  const typeFault = typeof artifactType === 'string' ? faultOfType(artifactType) : undefined
  if (typeFault !== undefined) return refused(`artifactType ${typeFault}`)
  return isIndexMediaType(type.mediaType)
    ? readIndex(body, type.mediaType)
    : readImage(body, type.mediaType)
}

/** What an image is, in one media type: its own artifactType, else its config's; undefined for an index that says nothing. */
export function artifactTypeOf(manifest: Manifest): string | undefined {
  if (manifest.artifactType !== undefined || manifest.kind === 'index') return manifest.artifactType
  return manifest.config?.mediaType
}

type TypeResult =
  | { readonly kind: 'type'; readonly mediaType: ManifestMediaType }
  | { readonly kind: 'refused'; readonly reason: string }

function typeOf(body: Readonly<Record<string, unknown>>, declared: string | undefined): TypeResult {
  if (isAmbiguous(body)) {
    return refused('the manifest has both "manifests" and "config" or "layers"')
  }
  const inBody = body['mediaType']
  if (inBody !== undefined && typeof inBody !== 'string')
    return refused('mediaType is not a string')
  const stated = declared ?? inBody ?? sniffedType(body) ?? ''
  const mediaType = parseManifestMediaType(stated)
  if (mediaType === undefined)
    return refused(`manifest media type ${JSON.stringify(stated.slice(0, 200))} is not supported`)
  if (inBody !== undefined && inBody !== mediaType) {
    return refused(
      `Content-Type is ${mediaType}, but the manifest says mediaType ${JSON.stringify(inBody)}`,
    )
  }
  return hasMembersOf(mediaType, body)
    ? { kind: 'type', mediaType }
    : refused(`the manifest does not have the members of ${mediaType}`)
}

/** A body that reads both as image and as index is the type confusion of CVE-2021-41190. */
function isAmbiguous(body: Readonly<Record<string, unknown>>): boolean {
  return 'manifests' in body && ('layers' in body || 'config' in body)
}

function hasMembersOf(
  mediaType: ManifestMediaType,
  body: Readonly<Record<string, unknown>>,
): boolean {
  return mediaType === mediaTypes.ociArtifact || isIndexMediaType(mediaType) === 'manifests' in body
}

function sniffedType(body: Readonly<Record<string, unknown>>): string | undefined {
  if ('manifests' in body) return mediaTypes.ociIndex
  return 'config' in body && 'layers' in body ? mediaTypes.ociManifest : undefined
}

function readImage(
  body: Readonly<Record<string, unknown>>,
  mediaType: ManifestMediaType,
): ManifestResult {
  const isArtifact = mediaType === mediaTypes.ociArtifact
  const layers = readDescriptors(
    body[isArtifact ? 'blobs' : 'layers'] ?? (isArtifact ? [] : undefined),
    isArtifact ? 'blobs' : 'layers',
  )
  if (layers.kind === 'refused') return layers
  const subject = readOptional(
    mediaType === mediaTypes.dockerManifest ? undefined : body['subject'],
    'subject',
  )
  if (subject.kind === 'refused') return subject
  if (isArtifact) {
    const common = commonOf(body, mediaType, subject.descriptor, undefined)
    return countable({ kind: 'image', ...common, layers: layers.descriptors })
  }
  const config = readDescriptor(body['config'], 'config')
  if (config.kind === 'refused') return config
  const common = commonOf(body, mediaType, subject.descriptor, config.descriptor.mediaType)
  const manifest = {
    kind: 'image',
    ...common,
    config: config.descriptor,
    layers: layers.descriptors,
  } as const
  return countable(manifest)
}

/** Sizes are what the client says they are. Their sum is told as the image's, and must be a number that can be kept and read. */
function countable(manifest: ImageManifest): ManifestResult {
  const { config, layers } = manifest
  const total = layers.reduce((sum, { size }) => sum + size, config?.size ?? 0)
  return Number.isSafeInteger(total)
    ? { kind: 'parsed', manifest }
    : refused(`the sizes of its blobs add up to more than ${Number.MAX_SAFE_INTEGER} bytes`)
}

function readIndex(
  body: Readonly<Record<string, unknown>>,
  mediaType: ManifestMediaType,
): ManifestResult {
  const manifests = readDescriptors(body['manifests'], 'manifests')
  if (manifests.kind === 'refused') return manifests
  const subject = readOptional(
    mediaType === mediaTypes.dockerList ? undefined : body['subject'],
    'subject',
  )
  if (subject.kind === 'refused') return subject
  const common = commonOf(body, mediaType, subject.descriptor, undefined)
  return {
    kind: 'parsed',
    manifest: { kind: 'index', ...common, manifests: manifests.descriptors },
  }
}

function commonOf(
  body: Readonly<Record<string, unknown>>,
  mediaType: ManifestMediaType,
  subject: Descriptor | undefined,
  configType: string | undefined,
): ManifestCommon {
  const own = body['artifactType']
  const fromConfig =
    configType === undefined || isImageConfigMediaType(configType) ? undefined : configType
  const artifactType = typeof own === 'string' && own !== '' ? own : fromConfig
  const annotations = readAnnotations(body['annotations'])
  return {
    mediaType,
    ...(subject === undefined ? {} : { subject }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}

type DescriptorsResult =
  | { readonly kind: 'descriptors'; readonly descriptors: readonly Descriptor[] }
  | { readonly kind: 'refused'; readonly reason: string }

function readDescriptors(value: unknown, place: string): DescriptorsResult {
  if (!Array.isArray(value)) return refused(`${place} is not a list`)
  if (value.length > maxDescriptors)
    return refused(`${place} has more than ${maxDescriptors} entries`)
  const descriptors: Descriptor[] = []
  for (const [index, entry] of value.entries()) {
    const read = readDescriptor(entry, `${place}[${index}]`)
    if (read.kind === 'refused') return read
    descriptors.push(read.descriptor)
  }
  return { kind: 'descriptors', descriptors }
}

type OptionalResult =
  | { readonly kind: 'optional'; readonly descriptor: Descriptor | undefined }
  | { readonly kind: 'refused'; readonly reason: string }

function readOptional(value: unknown, place: string): OptionalResult {
  if (value === undefined || value === null) return { kind: 'optional', descriptor: undefined }
  const read = readDescriptor(value, place)
  return read.kind === 'refused' ? read : { kind: 'optional', descriptor: read.descriptor }
}

function refused(reason: string): { readonly kind: 'refused'; readonly reason: string } {
  return { kind: 'refused', reason }
}
