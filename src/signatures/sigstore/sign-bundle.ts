// Purpose:  sign an image, or a statement about it, with a given key, as cosign 3 does.
// Spec:     sigstore bundle v0.3, DSSE, in-toto Statement v1; cosign's predicate type for a signature of an image.
// Input:    a private key of the kinds that verifiers take: EC P-256 or P-384, RSA from 2048 bits, Ed25519.
// Deviates: nothing is logged or stamped: entries of a public log would publish names and digests of private software.
// Unknowns: none; a key of another kind → an error of node:crypto.
import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { preAuthenticationEncoding } from '../../lib/dsse.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { algorithmOf, digestOf, type Digest } from '../../oci/digest.ts'
import { mediaTypes } from '../../oci/media-type.ts'
import {
  annotationNames,
  bundleAnnotationNames,
  bundleType,
  inTotoType,
  simpleSigningType,
} from './media-types.ts'
import { imageSignatureType } from './predicate-types.ts'
import { writeSimplePayload } from './simple-signing.ts'

export interface StatementToSign {
  readonly subject: Digest
  readonly predicateType: string
  readonly predicate: unknown
  /** What the signer says of the image, as with `cosign sign -a`. */
  readonly annotations?: Readonly<Record<string, string>>
}

/** Of an image as a whole. */
export function imageSignatureOf(
  subject: Digest,
  annotations?: Readonly<Record<string, string>>,
): StatementToSign {
  const statement = { subject, predicateType: imageSignatureType, predicate: {} }
  return annotations === undefined ? statement : { ...statement, annotations }
}

/** The bundle in JSON: the layer of what refers to the image. */
export function signBundle(privateKey: KeyObject, statement: StatementToSign): Buffer {
  const payload = Buffer.from(JSON.stringify(statementJson(statement)))
  const signature = signBytes(privateKey, preAuthenticationEncoding(inTotoType, payload))
  const bundle = {
    mediaType: bundleType,
    verificationMaterial: {
      publicKey: { hint: hintOf(privateKey) },
      tlogEntries: [],
      timestampVerificationData: { rfc3161Timestamps: [] },
    },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: inTotoType,
      signatures: [{ sig: signature.toString('base64') }],
    },
  }
  return Buffer.from(JSON.stringify(bundle))
}

function statementJson(statement: StatementToSign): object {
  const { subject, predicateType, predicate, annotations } = statement
  const digest = { [algorithmOf(subject)]: subject.slice(subject.indexOf(':') + 1) }
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest, ...(annotations === undefined ? {} : { annotations }) }],
    predicateType,
    predicate,
  }
}

/** DER for ECDSA, PKCS #1 v1.5 for RSA, and SHA-256 with every curve: cosign 3.1 verifies P-384 with no other unless it is told to. */
function signBytes(privateKey: KeyObject, bytes: Uint8Array): Buffer {
  return sign(privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, privateKey)
}

function hintOf(privateKey: KeyObject): string {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('base64')
}

export interface SimpleLayer {
  readonly mediaType: string
  readonly content: Buffer
  readonly annotations: Readonly<Record<string, string>>
}

/** A layer for the `.sig` tag, for clients that know no bundles. `reference`: `registry.example/team/app`. */
export function signSimple(
  privateKey: KeyObject,
  subject: Digest,
  {
    reference,
    optional,
  }: { readonly reference: string; readonly optional?: Readonly<Record<string, string>> },
): SimpleLayer {
  const content = writeSimplePayload(subject, reference, optional ?? null)
  const signature = signBytes(privateKey, content).toString('base64')
  return {
    mediaType: simpleSigningType,
    content,
    annotations: { [annotationNames.signature]: signature },
  }
}

export interface BundleManifest {
  readonly manifest: Buffer
  /** What must be stored before the manifest: its config, and the bundle. */
  readonly blobs: readonly Buffer[]
}

/** What refers to the image and holds the bundle. `createdAt`: milliseconds since the epoch. */
export function bundleManifest(
  bundle: Buffer,
  {
    subject,
    predicateType,
    createdAt,
  }: {
    readonly subject: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>
    readonly predicateType: string
    readonly createdAt: number
  },
): BundleManifest {
  const empty = Buffer.from('{}')
  const { mediaType, digest, size } = subject
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: bundleType,
    config: describe(mediaTypes.ociEmpty, empty),
    layers: [describe(bundleType, bundle)],
    subject: { mediaType, digest, size },
    annotations: {
      [bundleAnnotationNames.content]: 'dsse-envelope',
      [bundleAnnotationNames.predicateType]: predicateType,
      [bundleAnnotationNames.created]: new Date(createdAt).toISOString(),
    },
  }
  return { manifest: Buffer.from(JSON.stringify(manifest)), blobs: [empty, bundle] }
}

/** What the `.sig` tag names: all signatures of one image. */
export function simpleManifest(layers: readonly SimpleLayer[]): BundleManifest {
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      created: '0001-01-01T00:00:00Z',
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map(({ content }) => digestOf(content)) },
      config: {},
    }),
  )
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: describe(mediaTypes.ociConfig, config),
    layers: layers.map(({ mediaType, content, annotations }) => ({
      ...describe(mediaType, content),
      annotations,
    })),
  }
  return {
    manifest: Buffer.from(JSON.stringify(manifest)),
    blobs: [config, ...layers.map(({ content }) => content)],
  }
}

function describe(mediaType: string, bytes: Uint8Array): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
}
