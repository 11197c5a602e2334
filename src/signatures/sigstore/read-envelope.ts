// Purpose:  read a DSSE envelope as cosign 2 stores it.
// Spec:     DSSE 1.0, envelope.md.
// Input:    the bytes of a layer; hostile.
// Deviates: an envelope of several signatures is refused: which of them a log entry or a time stamp is about would be open.
// Unknowns: anything but one envelope with one signature → refused.
import { decodeEitherBase64 } from '../../lib/base64.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import { limits } from './candidate.ts'

export type EnvelopeReading =
  | {
      readonly kind: 'read'
      readonly payloadType: string
      readonly payload: Buffer
      readonly signature: Buffer
    }
  | { readonly kind: 'refused'; readonly reason: 'malformed' | 'limit'; readonly detail: string }

const knownKeys = ['payload', 'payloadType', 'signatures', 'keyid', 'sig']

export function readEnvelope(content: Uint8Array): EnvelopeReading {
  if (content.byteLength > limits.content)
    return refused('limit', `the envelope has more than ${limits.content} bytes`)
  const json = parseStrictJson(content, knownKeys)
  if (json.kind === 'refused') return refused('malformed', `the envelope ${json.reason}`)
  if (!isRecord(json.value)) return refused('malformed', 'the envelope is not a JSON object')
  const { payloadType, payload: text, signatures } = json.value
  const payload = decodeEitherBase64(text)
  if (typeof payloadType !== 'string' || payload === undefined || !Array.isArray(signatures))
    return refused('malformed', 'the envelope lacks payloadType, payload or signatures')
  const only: unknown = signatures[0]
  const signature = isRecord(only) ? decodeEitherBase64(only['sig']) : undefined
  if (signatures.length !== 1 || signature === undefined)
    return refused(
      'malformed',
      `the envelope has ${signatures.length} signatures; it must be one in base64`,
    )
  return signature.byteLength <= limits.signature
    ? { kind: 'read', payloadType, payload, signature }
    : refused('limit', `the signature has more than ${limits.signature} bytes`)
}

function refused(reason: 'malformed' | 'limit', detail: string): EnvelopeReading {
  return { kind: 'refused', reason, detail }
}
