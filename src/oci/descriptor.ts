// Purpose:  read content descriptors.
// Spec:     OCI image-spec, descriptor.md.
// Input:    parsed JSON of a manifest; hostile.
// Deviates: platform and urls are read for what we use of them and not validated further.
// Unknowns: a digest of an unregistered algorithm or a size that is no whole number → refused with its place.
import { algorithmOf, digestOf, parseDigest, type Digest } from './digest.ts'

/** RFC 6838 allows names of 255 characters; lists show the types of a thousand manifests at a time. */
export const maxTypeLength = 1024

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  readonly artifactType?: string
  readonly platform?: Platform
  readonly annotations?: Readonly<Record<string, string>>
  /** Whether the content may be fetched elsewhere and so be absent here. */
  readonly hasUrls: boolean
}

export type DescriptorResult =
  | { readonly kind: 'descriptor'; readonly descriptor: Descriptor }
  | { readonly kind: 'refused'; readonly reason: string }

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `place` names the descriptor in the reason: `layers[3]`. */
export function readDescriptor(value: unknown, place: string): DescriptorResult {
  if (!isRecord(value)) return refused(`${place} is not an object`)
  const mediaType = value['mediaType']
  if (typeof mediaType !== 'string' || mediaType === '')
    return refused(`${place}.mediaType is missing`)
  const typeFault = faultOfType(mediaType)
  if (typeFault !== undefined) return refused(`${place}.mediaType ${typeFault}`)
  const digestText = value['digest']
  const digest = typeof digestText === 'string' ? parseDigest(digestText) : undefined
  if (digest === undefined) {
    return refused(
      `${place}.digest is not sha256: or sha512: with lower-case hex of the right length`,
    )
  }
  const size = value['size']
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    return refused(`${place}.size is not a whole number of bytes`)
  }
  const fault = faultOfData(value['data'], digest, size)
  if (fault !== undefined) return refused(`${place}.data ${fault}`)
  return { kind: 'descriptor', descriptor: describe(value, mediaType, digest, size) }
}

/** Of a media type or an artifact type; undefined for one that can be kept and told again as it is. */
export function faultOfType(type: string): string | undefined {
  if (type.length > maxTypeLength) return `has more than ${maxTypeLength} characters`
  // JSON can escape it, UTF-8 cannot hold it: it would be kept, and read by other clients, as another type.
  return type.isWellFormed() ? undefined : 'holds half of a surrogate pair'
}

function describe(
  value: Readonly<Record<string, unknown>>,
  mediaType: string,
  digest: Digest,
  size: number,
): Descriptor {
  const artifactType = value['artifactType']
  const platform = readPlatform(value['platform'])
  const annotations = readAnnotations(value['annotations'])
  const urls = value['urls']
  return {
    mediaType,
    digest,
    size,
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(platform === undefined ? {} : { platform }),
    ...(annotations === undefined ? {} : { annotations }),
    hasUrls: Array.isArray(urls) && urls.length > 0,
  }
}

function readPlatform(value: unknown): Platform | undefined {
  if (!isRecord(value)) return undefined
  const { os, architecture, variant } = value
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined
  return { os, architecture, ...(typeof variant === 'string' ? { variant } : {}) }
}

/** String values only, as the specification wants them; anything else is left out. */
export function readAnnotations(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(value)) return undefined
  const entries = Object.entries(value).flatMap(([key, text]) =>
    typeof text === 'string' ? [[key, text] as const] : [],
  )
  return Object.fromEntries(entries)
}

/** Embedded content must be what the descriptor says it is, else clients that trust it see other bytes. */
function faultOfData(data: unknown, digest: Digest, size: number): string | undefined {
  if (data === undefined) return undefined
  // Without padding Node reads it, Go does not: its clients could not read the manifest at all.
  const isPadded = typeof data === 'string' && data.length % 4 === 0
  if (!isPadded || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) return 'is not padded base64'
  const bytes = Buffer.from(data, 'base64')
  if (bytes.byteLength !== size) return `holds ${bytes.byteLength} bytes, size says ${size}`
  return digestOf(bytes, algorithmOf(digest)) === digest
    ? undefined
    : 'does not have the digest stated'
}

function refused(reason: string): DescriptorResult {
  return { kind: 'refused', reason }
}
