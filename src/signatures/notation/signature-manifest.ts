// Purpose:  the manifest under which a signature of the Notary Project lies beside its image.
// Spec:     Notary Project signature-specification.md, "Storage"; OCI image-spec manifest.md, "Guidelines for Artifact Usage".
// Input:    the descriptor of the signed manifest, and an envelope that was made here or by a client of ours.
// Deviates: nothing. The same input makes the same bytes.
// Unknowns: none.
import { createHash } from 'node:crypto'
import type { Descriptor } from '../../oci/descriptor.ts'
import { digestOf } from '../../oci/digest.ts'
import { mediaTypes } from '../../oci/media-type.ts'
import { readEnvelope } from './read-envelope.ts'

export const signatureArtifactType = 'application/vnd.cncf.notary.signature'
export const envelopeTypes = { jws: 'application/jose+json', cose: 'application/cose' } as const

const config = { mediaType: 'application/vnd.oci.empty.v1+json', bytes: Buffer.from('{}') }

export interface SignatureManifest {
  readonly manifest: Uint8Array
  /** What must be there before it: the empty config, and the envelope. */
  readonly blobs: readonly Uint8Array[]
}

/** An Error for an envelope that cannot be read: it was not made by `signNotation`. */
export function signatureManifest(
  subject: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
  {
    envelope,
    format,
    createdAt,
  }: {
    readonly envelope: Uint8Array
    readonly format: keyof typeof envelopeTypes
    readonly createdAt: Date
  },
): SignatureManifest {
  const mediaType = envelopeTypes[format]
  const read = readEnvelope(envelope, mediaType)
  if (read.kind !== 'envelope') throw new Error('this is no signature envelope')
  const thumbprints = read.envelope.chain.map((der) =>
    createHash('sha256').update(der).digest('hex'),
  )
  const { digest, size } = subject
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: signatureArtifactType,
    config: { mediaType: config.mediaType, ...described(config.bytes) },
    layers: [{ mediaType, ...described(envelope) }],
    subject: { mediaType: subject.mediaType, digest, size },
    annotations: {
      'io.cncf.notary.x509chain.thumbprint#S256': JSON.stringify(thumbprints),
      'org.opencontainers.image.created': createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
    },
  }
  return { manifest: Buffer.from(JSON.stringify(manifest)), blobs: [config.bytes, envelope] }
}

function described(bytes: Uint8Array): Pick<Descriptor, 'digest' | 'size'> {
  return { digest: digestOf(bytes), size: bytes.length }
}
