// Purpose:  read a signature envelope of either form: what was signed, by which chain, under which attributes.
// Spec:     Notary Project signature-specification.md, signature envelope.
// Input:    the bytes of the signature manifest's one layer, with its media type; hostile.
// Deviates: envelopes beyond 1 MiB and chains beyond 10 certificates are not read, although notation reads larger ones.
// Unknowns: an envelope of another media type → refused as malformed; one beyond a limit → refused as `limit`.
import { coseMediaType, readCose } from './cose.ts'
import { jwsMediaType, readJws } from './jws.ts'
import type { EnvelopeResult } from './signature-envelope.ts'

export const maxEnvelopeBytes = 1024 * 1024

export function readEnvelope(bytes: Uint8Array, mediaType: string): EnvelopeResult {
  if (bytes.length > maxEnvelopeBytes) {
    return {
      kind: 'refused',
      reason: 'limit',
      detail: `the envelope has ${bytes.length} bytes, more than ${maxEnvelopeBytes}`,
    }
  }
  if (mediaType === jwsMediaType) return readJws(bytes)
  if (mediaType === coseMediaType) return readCose(bytes)
  return {
    kind: 'refused',
    reason: 'malformed',
    detail: `${JSON.stringify(mediaType.slice(0, 100))} is no envelope: it is ${jwsMediaType} or ${coseMediaType}`,
  }
}
