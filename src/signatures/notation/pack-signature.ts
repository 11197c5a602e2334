// Purpose:  everything that is pushed for an envelope which was made here: its manifest, and the blobs that go before it.
// Spec:     Notary Project signature-specification.md, "Storage".
// Input:    the descriptor of the signed manifest, and an envelope of `signNotation`.
// Deviates: nothing. The same input makes the same bytes.
// Unknowns: an envelope that cannot be read → an Error: nobody here made it.
import type { Descriptor } from '../../oci/descriptor.ts'
import { coseMediaType } from './cose.ts'
import { jwsMediaType } from './jws.ts'
import { readEnvelope } from './read-envelope.ts'
import { emptyConfig, makeSignatureManifest } from './signature-manifest.ts'

const mediaTypes = { jws: jwsMediaType, cose: coseMediaType } as const

export interface PackedSignature {
  readonly manifest: Uint8Array
  readonly blobs: readonly Uint8Array[]
}

export function packSignature(
  subject: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
  made: {
    readonly envelope: Uint8Array
    readonly format: keyof typeof mediaTypes
    readonly createdAt: Date
  },
): PackedSignature {
  const { envelope: bytes, format, createdAt } = made
  const mediaType = mediaTypes[format]
  const read = readEnvelope(bytes, mediaType)
  if (read.kind !== 'envelope') throw new Error('this is no signature envelope')
  const signer = { chain: read.envelope.chain, createdAt: createdAt.getTime() }
  const manifest = makeSignatureManifest(subject, { bytes, mediaType }, signer)
  return { manifest, blobs: [emptyConfig, bytes] }
}
