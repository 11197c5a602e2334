// Purpose:  the payload of a Notary Project signature: read it, hold it against the stored manifest, make it.
// Spec:     Notary Project signature-specification.md, payload.
// Input:    exactly the bytes that the signature is over; hostile until that is verified.
// Deviates: payloads beyond 64 KiB are refused.
// Unknowns: members that we don't know are ignored, as the specification wants.
import { isRecord, readDescriptor, type Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'

export const maxPayloadBytes = 64 * 1024
const reservedPrefix = 'io.cncf.notary'

export interface TargetArtifact {
  readonly mediaType: string
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** What the signer added (`notation sign -m`). */
  readonly annotations: Readonly<Record<string, string>>
}

export type PayloadResult =
  | { readonly kind: 'payload'; readonly target: TargetArtifact }
  | { readonly kind: 'refused'; readonly detail: string }

const members = ['targetArtifact', 'mediaType', 'digest', 'size', 'annotations', 'artifactType']

export function readPayload(bytes: Uint8Array): PayloadResult {
  if (bytes.length > maxPayloadBytes)
    return refused(`the payload has ${bytes.length} bytes, more than ${maxPayloadBytes}`)
  const json = parseStrictJson(bytes, members)
  if (json.kind === 'refused') return refused(`the payload ${json.reason}`)
  const target = isRecord(json.value) ? json.value['targetArtifact'] : undefined
  const descriptor = readDescriptor(target, 'targetArtifact')
  if (descriptor.kind === 'refused') return refused(`in the payload, ${descriptor.reason}`)
  const { mediaType, digest, size } = descriptor.descriptor
  const annotations = isRecord(target) ? (target['annotations'] ?? {}) : {}
  if (!isRecord(annotations) || !Object.values(annotations).every((one) => typeof one === 'string'))
    return refused('in the payload, the annotations are not all text')
  return {
    kind: 'payload',
    target: {
      mediaType,
      digest,
      size,
      annotations: descriptor.descriptor.annotations ?? {},
    },
  }
}

/** What of the signed descriptor differs from the manifest at hand; undefined if nothing does. */
export function mismatchOf(
  target: TargetArtifact,
  subject: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
): string | undefined {
  for (const member of ['digest', 'size', 'mediaType'] as const) {
    if (target[member] !== subject[member])
      return `the signature is over ${member} ${String(target[member]).slice(0, 200)}, the manifest has ${subject[member]}`
  }
  return undefined
}

/** As notation writes it. The prefix `io.cncf.notary` is not for annotations: an Error. */
export function makePayload(
  { mediaType, digest, size }: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
  annotations: Readonly<Record<string, string>> = {},
): Uint8Array {
  const reserved = Object.keys(annotations).find((name) => name.startsWith(reservedPrefix))
  if (reserved !== undefined)
    throw new Error(`the annotation ${reserved} begins with ${reservedPrefix}, which is reserved`)
  const targetArtifact = {
    mediaType,
    digest,
    size,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  }
  return Buffer.from(JSON.stringify({ targetArtifact }))
}

function refused(detail: string): PayloadResult {
  return { kind: 'refused', detail }
}
