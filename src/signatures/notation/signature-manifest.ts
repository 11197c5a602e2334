// Purpose:  find the envelope in a manifest that refers to an image, and write such a manifest.
// Spec:     Notary Project signature-specification.md, storage; OCI image-spec manifest.md, guidance for artifacts.
// Input:    a manifest that was read already; its annotations are unsigned.
// Deviates: nothing; the two older forms are read and never written.
// Unknowns: a manifest of another type → `other`; one of ours that holds not exactly one envelope → `malformed`.
import type { Descriptor } from '../../oci/descriptor.ts'
import { digestOf } from '../../oci/digest.ts'
import type { Manifest } from '../../oci/manifest.ts'
import { mediaTypes } from '../../oci/media-type.ts'
import { parseCertificate, thumbprintOf } from '../x509/certificate.ts'
import { coseMediaType } from './cose.ts'
import { jwsMediaType } from './jws.ts'
import { maxEnvelopeBytes } from './read-envelope.ts'

export const signatureArtifactType = 'application/vnd.cncf.notary.signature'
const thumbprintAnnotation = 'io.cncf.notary.x509chain.thumbprint#S256'
const envelopeTypes: readonly string[] = [jwsMediaType, coseMediaType]

export type SignatureManifestResult =
  | {
      readonly kind: 'signature'
      readonly envelope: Descriptor
      /** Lower-case hex, leaf first, as the annotation says: a hint for the order of attempts, never a reason to trust or to skip. */
      readonly thumbprints: readonly string[]
    }
  | { readonly kind: 'other' }
  | { readonly kind: 'malformed'; readonly detail: string }

export function readSignatureManifest(manifest: Manifest): SignatureManifestResult {
  if (manifest.kind === 'index' || manifest.artifactType !== signatureArtifactType)
    return { kind: 'other' }
  const { config, layers, annotations } = manifest
  // Absent in the artifact manifest; of the signature's own type where a registry did not know artifact types.
  const isKnownForm =
    config === undefined ||
    config.mediaType === mediaTypes.ociEmpty ||
    config.mediaType === signatureArtifactType
  if (!isKnownForm) return { kind: 'other' }
  const [envelope, another] = layers
  if (envelope === undefined || another !== undefined)
    return { kind: 'malformed', detail: `it holds ${layers.length} blobs, and must hold one` }
  if (!envelopeTypes.includes(envelope.mediaType))
    return { kind: 'malformed', detail: `it holds ${envelope.mediaType}, which is no envelope` }
  if (envelope.size > maxEnvelopeBytes)
    return { kind: 'malformed', detail: `its envelope has more than ${maxEnvelopeBytes} bytes` }
  return {
    kind: 'signature',
    envelope,
    thumbprints: readThumbprints(annotations?.[thumbprintAnnotation]),
  }
}

function readThumbprints(text: string | undefined): readonly string[] {
  if (text === undefined || text.length > 4096) return []
  try {
    const list: unknown = JSON.parse(text)
    const texts = Array.isArray(list) ? list.filter((one) => typeof one === 'string') : []
    return texts.map((one) => one.toLowerCase()).filter((one) => /^[0-9a-f]{64}$/.test(one))
  } catch {
    return []
  }
}

/** The bytes of the configuration that the manifest names. */
export const emptyConfig: Uint8Array = Buffer.from('{}')

/** A manifest for an envelope over `subject`; both blobs, the envelope and `emptyConfig`, are the caller's to push. */
export function makeSignatureManifest(
  subject: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>,
  envelope: { readonly bytes: Uint8Array; readonly mediaType: string },
  signer: { readonly chain: readonly Uint8Array[]; readonly createdAt: number },
): Uint8Array {
  const thumbprints = signer.chain.map((der) => {
    const parsed = parseCertificate(der)
    if (parsed.kind === 'refused') throw new Error(`a certificate of the chain ${parsed.reason}`)
    return thumbprintOf(parsed.certificate)
  })
  const { mediaType, digest, size } = subject
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: signatureArtifactType,
    config: {
      mediaType: mediaTypes.ociEmpty,
      digest: digestOf(emptyConfig),
      size: emptyConfig.length,
    },
    layers: [
      {
        mediaType: envelope.mediaType,
        digest: digestOf(envelope.bytes),
        size: envelope.bytes.length,
      },
    ],
    subject: { mediaType, digest, size },
    annotations: {
      [thumbprintAnnotation]: JSON.stringify(thumbprints),
      'org.opencontainers.image.created': new Date(signer.createdAt)
        .toISOString()
        .replace(/\.\d+Z$/, 'Z'),
    },
  }
  return Buffer.from(JSON.stringify(manifest))
}
