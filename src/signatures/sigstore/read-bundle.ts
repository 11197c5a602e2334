// Purpose:  read a sigstore bundle that holds a DSSE envelope.
// Spec:     sigstore bundle format v0.1 to v0.3 (protobuf-specs, as ProtoJSON); DSSE 1.0 envelope.
// Input:    the bytes of a layer that whoever may push has pushed; hostile, at most 10 MiB.
// Deviates: a bundle of a `messageSignature` is refused, since no client stores one beside an image; two contents or two keys in one bundle too.
// Unknowns: another media type, more than one signature, a checkpoint whose names are no host names → refused with the place.
import {
  bundleFromJSON,
  ValidationError,
  type Bundle,
  type TransparencyLogEntry,
} from '@sigstore/bundle'
import { decodeEitherBase64 } from '../../lib/base64.ts'
import { preAuthenticationEncoding } from '../../lib/dsse.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import {
  beyondLimit,
  limits,
  malformed,
  type CandidateReading,
  type SignerMaterial,
} from './candidate.ts'
import { bundleTypes } from './media-types.ts'

/** `keyid` and `keyId` are both in use, so neither can stand here. */
const knownKeys = [
  'mediaType',
  'verificationMaterial',
  'publicKey',
  'hint',
  'certificate',
  'rawBytes',
  'x509CertificateChain',
  'certificates',
  'tlogEntries',
  'timestampVerificationData',
  'rfc3161Timestamps',
  'signedTimestamp',
  'messageSignature',
  'dsseEnvelope',
  'payload',
  'payloadType',
  'signatures',
  'sig',
  'integratedTime',
  'inclusionPromise',
  'signedEntryTimestamp',
  'inclusionProof',
  'checkpoint',
  'envelope',
  'canonicalizedBody',
]

export function readBundle(content: Uint8Array): CandidateReading {
  if (content.byteLength > limits.content)
    return beyondLimit(`the bundle has more than ${limits.content} bytes`)
  const json = parseStrictJson(content, knownKeys)
  if (json.kind === 'refused') return malformed(`the bundle ${json.reason}`)
  const fault = faultOfShape(json.value)
  if (fault !== undefined) return malformed(`the bundle ${fault}`)
  let bundle: Bundle
  try {
    bundle = bundleFromJSON(json.value)
  } catch (error) {
    const fields = error instanceof ValidationError ? error.fields.join(', ') : 'a value'
    return malformed(`the bundle is not one: ${fields} is missing or wrong`)
  }
  return readContent(bundle)
}

function faultOfShape(value: unknown): string | undefined {
  if (!isRecord(value)) return 'is not a JSON object'
  const { mediaType, verificationMaterial: material, dsseEnvelope: envelope } = value
  if (typeof mediaType !== 'string' || !bundleTypes.includes(mediaType))
    return `has the media type ${JSON.stringify(mediaType)?.slice(0, 200) ?? 'none'}, none of a bundle`
  if (value['messageSignature'] !== undefined)
    return 'holds a messageSignature, which signs files; what is beside an image holds a dsseEnvelope'
  if (!isRecord(envelope) || typeof envelope['payloadType'] !== 'string')
    return 'holds no dsseEnvelope with a payloadType'
  if (decodeEitherBase64(envelope['payload']) === undefined)
    return 'has a dsseEnvelope.payload that is not base64'
  return isRecord(material) ? faultOfKeys(material) : 'has no verificationMaterial'
}

function faultOfKeys(material: Readonly<Record<string, unknown>>): string | undefined {
  const keys = ['publicKey', 'certificate', 'x509CertificateChain'].filter(
    (name) => material[name] !== undefined && material[name] !== null,
  )
  return keys.length === 1
    ? undefined
    : `names ${keys.length === 0 ? 'no key' : keys.join(' and ')}; it must be one`
}

function readContent(bundle: Bundle): CandidateReading {
  const { content, verificationMaterial: material } = bundle
  if (content.$case !== 'dsseEnvelope') return malformed('the bundle holds no dsseEnvelope')
  const { payload, payloadType, signatures } = content.dsseEnvelope
  const signature = signatures[0]?.sig
  if (signature === undefined || signatures.length !== 1)
    return malformed(`the envelope has ${signatures.length} signatures; it must be one`)
  const logEntries = material.tlogEntries
  const timestamps = (material.timestampVerificationData?.rfc3161Timestamps ?? []).map(
    ({ signedTimestamp }) => signedTimestamp,
  )
  const signer = signerOf(bundle)
  if (typeof signer === 'string') return beyondLimit(signer)
  const fault = faultOfSizes(signature, logEntries, timestamps)
  if (fault !== undefined) return beyondLimit(fault)
  const strange = logEntries.map(faultOfCheckpoint).find((each) => each !== undefined)
  if (strange !== undefined) return malformed(strange)
  const signed = preAuthenticationEncoding(payloadType, payload)
  return {
    kind: 'read',
    signature: {
      format: 'cosign-bundle',
      signed,
      payload,
      payloadType,
      signature,
      stamped: signature,
      signer,
      logEntries,
      timestamps,
    },
  }
}

/** Only the first certificate of a chain counts: what issued it is taken from the trusted root. A sentence for what is too large. */
function signerOf({ verificationMaterial: { content } }: Bundle): SignerMaterial | string {
  if (content.$case === 'publicKey') {
    const { hint } = content.publicKey
    return hint.length <= limits.hint
      ? { kind: 'key', hint }
      : `the key's hint has more than ${limits.hint} characters`
  }
  const certificates =
    content.$case === 'certificate'
      ? [content.certificate]
      : content.x509CertificateChain.certificates
  const der = certificates[0]?.rawBytes ?? Buffer.alloc(0)
  if (certificates.length > limits.certificates)
    return `the chain has more than ${limits.certificates} certificates`
  return der.byteLength <= limits.certificate
    ? { kind: 'certificate', der }
    : `the certificate has more than ${limits.certificate} bytes`
}

function faultOfSizes(
  signature: Buffer,
  entries: readonly TransparencyLogEntry[],
  timestamps: readonly Buffer[],
): string | undefined {
  if (signature.byteLength > limits.signature)
    return `the signature has more than ${limits.signature} bytes`
  if (entries.length > limits.logEntries)
    return `there are more than ${limits.logEntries} entries of transparency logs`
  if (timestamps.length > limits.timestamps)
    return `there are more than ${limits.timestamps} time stamps`
  if (timestamps.some(({ byteLength }) => byteLength > limits.timestamp))
    return `a time stamp has more than ${limits.timestamp} bytes`
  const isHeavy = entries.some(
    ({ canonicalizedBody, inclusionProof }) =>
      canonicalizedBody.byteLength > limits.logEntryBody ||
      (inclusionProof?.hashes.length ?? 0) > limits.proofHashes ||
      (inclusionProof?.checkpoint?.envelope.length ?? 0) > limits.annotation,
  )
  return isHeavy ? 'an entry of a transparency log is too large' : undefined
}

const signatureLine = /\u2014 (\S+) \S+\n/g
const checkpointName = /^[A-Za-z0-9._:/-]{1,255}$/
const maxSignatureLines = 32

/** The library makes a regular expression of the signer's name: a name that is one could run for years. */
function faultOfCheckpoint({ inclusionProof }: TransparencyLogEntry): string | undefined {
  const lines = [...(inclusionProof?.checkpoint?.envelope ?? '').matchAll(signatureLine)]
  if (lines.length > maxSignatureLines)
    return `a checkpoint has more than ${maxSignatureLines} signatures`
  return lines.every(([, name = '']) => checkpointName.test(name))
    ? undefined
    : 'a checkpoint is signed by what is no name of a log'
}
