// Purpose:  read the payload that cosign 1 and 2 sign, and write one.
// Spec:     containers/image atomic-signature, "simple signing", as cosign's specs/SIGNATURE_SPEC.md uses it.
// Input:    a payload whose signature has been verified, as the very bytes that were signed.
// Deviates: docker-reference counts only where the caller asks for it; cosign ignores it.
// Unknowns: another `critical.type`, a digest that cannot be read → refused.
import { isRecord, readAnnotations } from '../../oci/descriptor.ts'
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'

export interface SimplePayload {
  readonly digest: Digest
  /** Where the signer says that the image is: `registry.example/team/app`, perhaps with a tag; empty where it says nothing. */
  readonly reference: string
  /** What the signer says of it; those with a text. */
  readonly optional: Readonly<Record<string, string>>
}

export type SimplePayloadReading =
  | { readonly kind: 'payload'; readonly payload: SimplePayload }
  | { readonly kind: 'refused'; readonly detail: string }

const signatureType = 'cosign container image signature'
const knownKeys = [
  'critical',
  'identity',
  'docker-reference',
  'image',
  'docker-manifest-digest',
  'type',
]

export function readSimplePayload(bytes: Uint8Array): SimplePayloadReading {
  const json = parseStrictJson(bytes, knownKeys)
  if (json.kind === 'refused') return refused(`the payload ${json.reason}`)
  if (!isRecord(json.value)) return refused('the payload is not a JSON object')
  const { critical, optional } = json.value
  return isRecord(critical)
    ? readCritical(critical, readAnnotations(optional) ?? {})
    : refused('the payload has no "critical"')
}

function readCritical(
  { identity, image, type }: Readonly<Record<string, unknown>>,
  optional: Readonly<Record<string, string>>,
): SimplePayloadReading {
  if (type !== signatureType)
    return refused(`critical.type is ${JSON.stringify(type)?.slice(0, 200) ?? 'missing'}`)
  const text = isRecord(image) ? image['docker-manifest-digest'] : undefined
  const digest = typeof text === 'string' ? parseDigest(text) : undefined
  if (digest === undefined)
    return refused('critical.image.docker-manifest-digest is no digest in lower-case hex')
  const reference = isRecord(identity) ? identity['docker-reference'] : undefined
  return {
    kind: 'payload',
    payload: { digest, reference: typeof reference === 'string' ? reference : '', optional },
  }
}

function refused(detail: string): SimplePayloadReading {
  return { kind: 'refused', detail }
}

/** Whether the signer named this repository. The host is not compared: one registry has several names, and mirrors have others. */
export function namesRepository(reference: string, repository: string): boolean {
  const [name = ''] = reference.split('@')
  const withoutTag = name.replace(/:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, '')
  const slash = withoutTag.indexOf('/')
  const host = slash < 0 ? '' : withoutTag.slice(0, slash)
  const isHost = /[.:]/.test(host) || host === 'localhost'
  return (isHost ? withoutTag.slice(slash + 1) : withoutTag) === repository
}

/** As cosign writes it. `reference`: `registry.example/team/app`. */
export function writeSimplePayload(
  digest: Digest,
  reference: string,
  optional: Readonly<Record<string, string>> | null = null,
): Buffer {
  const payload = {
    critical: {
      identity: { 'docker-reference': reference },
      image: { 'docker-manifest-digest': digest },
      type: signatureType,
    },
    optional,
  }
  return Buffer.from(JSON.stringify(payload))
}
