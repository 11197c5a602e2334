// Purpose:  read what may be a signature, in whichever of cosign's layouts it is stored.
// Spec:     sigstore bundle; cosign specs/SIGNATURE_SPEC.md and its annotations (signing reference 4.1, 4.2).
// Input:    the bytes of a layer and its annotations; hostile.
// Deviates: the annotation of a chain is not read: what issued a certificate is taken from the trusted root.
// Unknowns: annotations that cannot be read → refused, never a signature with less evidence than was stored.
import type { TransparencyLogEntry } from '@sigstore/bundle'
import { decodeBase64 } from '../../lib/base64.ts'
import { preAuthenticationEncoding } from '../../lib/dsse.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { parseStrictJson } from '../../oci/strict-json.ts'
import {
  beyondLimit,
  limits,
  malformed,
  type CandidateReading,
  type SignerMaterial,
  type SigstoreCandidate,
  type UnverifiedSignature,
} from './candidate.ts'
import { readEnvelope } from './read-envelope.ts'
import { annotationNames } from './media-types.ts'
import { readBundle } from './read-bundle.ts'

export function readCandidate(candidate: SigstoreCandidate): CandidateReading {
  if (candidate.format === 'cosign-bundle') return readBundle(candidate.content)
  const annotations = candidate.annotations ?? {}
  const evidence = readEvidence(annotations)
  if (evidence.kind === 'refused') return evidence
  return candidate.format === 'cosign-simple'
    ? readSimple(candidate.content, annotations, evidence)
    : readAttestation(candidate.content, evidence)
}

function readSimple(
  content: Uint8Array,
  annotations: Readonly<Record<string, string>>,
  { signer, logEntries, timestamps }: Evidence,
): CandidateReading {
  if (content.byteLength > limits.annotation)
    return beyondLimit(`the payload has more than ${limits.annotation} bytes`)
  const signature = decodeBase64(annotations[annotationNames.signature])
  if (signature === undefined || signature.byteLength === 0)
    return malformed(`the layer has no ${annotationNames.signature} in base64`)
  if (signature.byteLength > limits.signature)
    return beyondLimit(`the signature has more than ${limits.signature} bytes`)
  const payload = Buffer.from(content)
  const read: UnverifiedSignature = {
    format: 'cosign-simple',
    signed: payload,
    payload,
    signature,
    stamped: signature,
    signer,
    logEntries,
    timestamps,
  }
  return { kind: 'read', signature: read }
}

function readAttestation(content: Uint8Array, evidence: Evidence): CandidateReading {
  const envelope = readEnvelope(content)
  if (envelope.kind === 'refused') return envelope
  const { payload, payloadType, signature } = envelope
  const { signer, logEntries, timestamps } = evidence
  const read: UnverifiedSignature = {
    format: 'cosign-dsse',
    signed: preAuthenticationEncoding(payloadType, payload),
    payload,
    payloadType,
    signature,
    // cosign had the whole envelope stamped, since the annotation of its signature is empty.
    stamped: Buffer.from(content),
    signer,
    logEntries,
    timestamps,
  }
  return { kind: 'read', signature: read }
}

interface Evidence {
  readonly kind: 'evidence'
  readonly signer: SignerMaterial
  readonly logEntries: readonly TransparencyLogEntry[]
  readonly timestamps: readonly Buffer[]
}

type Refused = Extract<CandidateReading, { kind: 'refused' }>

function readEvidence(annotations: Readonly<Record<string, string>>): Evidence | Refused {
  const { certificate, rekor, timestamp } = annotationNames
  const [pem, entry, stamp] = [certificate, rekor, timestamp].map((name) =>
    textOf(annotations[name]),
  )
  if ([pem, entry, stamp].some((text) => (text?.length ?? 0) > limits.annotation))
    return refuse('limit', `an annotation has more than ${limits.annotation} characters`)
  const signer = pem === undefined ? bareKey : readCertificate(pem)
  if (signer === undefined) return refuse('malformed', `${certificate} holds no certificate`)
  const logEntries = entry === undefined ? [] : readLogEntry(entry)
  if (logEntries === undefined)
    return refuse('malformed', `${rekor} holds no entry of a transparency log`)
  const timestamps = stamp === undefined ? [] : readTimestamp(stamp)
  if (timestamps === undefined) return refuse('malformed', `${timestamp} holds no time stamp`)
  return { kind: 'evidence', signer, logEntries, timestamps }
}

const bareKey: SignerMaterial = { kind: 'key', hint: '' }

/** cosign writes empty annotations for what it has not. */
function textOf(annotation: string | undefined): string | undefined {
  return annotation === '' ? undefined : annotation
}

function refuse(reason: 'malformed' | 'limit', detail: string): Refused {
  return { kind: 'refused', reason, detail }
}

const certificateBlock =
  /^\s*-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----\s*$/

function readCertificate(pem: string): SignerMaterial | undefined {
  const text = certificateBlock.exec(pem)?.[1]?.replaceAll(/[\r\n]/g, '')
  const der = decodeBase64(text)
  return der === undefined || der.byteLength === 0 || der.byteLength > limits.certificate
    ? undefined
    : { kind: 'certificate', der }
}

/** Rekor's promise as cosign 2 keeps it: `{"SignedEntryTimestamp", "Payload": {"body", "integratedTime", "logIndex", "logID"}}`. */
function readLogEntry(text: string): readonly TransparencyLogEntry[] | undefined {
  const value = readJson(text, ['SignedEntryTimestamp', 'Payload', 'body', 'logIndex', 'logID'])
  const payload = isRecord(value) ? value['Payload'] : undefined
  if (!isRecord(value) || !isRecord(payload)) return undefined
  const promise = decodeBase64(value['SignedEntryTimestamp'])
  const body = decodeBase64(payload['body'])
  const { integratedTime, logIndex, logID } = payload
  const isWhole = [integratedTime, logIndex].every((each) => Number.isSafeInteger(each))
  const isLog = typeof logID === 'string' && /^[0-9a-f]{64}$/.test(logID)
  if (promise === undefined || body === undefined || !isWhole || !isLog) return undefined
  const kindVersion = kindOf(body)
  if (kindVersion === undefined) return undefined
  const entry = {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex') },
    kindVersion,
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: promise },
    inclusionProof: undefined,
    canonicalizedBody: body,
  }
  return [entry]
}

function kindOf(body: Buffer): { readonly kind: string; readonly version: string } | undefined {
  const value = readJson(body.toString(), [])
  if (!isRecord(value)) return undefined
  const { kind, apiVersion: version } = value
  return typeof kind === 'string' && typeof version === 'string' ? { kind, version } : undefined
}

function readTimestamp(text: string): readonly Buffer[] | undefined {
  const value = readJson(text, ['SignedRFC3161Timestamp'])
  const token = isRecord(value) ? decodeBase64(value['SignedRFC3161Timestamp']) : undefined
  return token === undefined || token.byteLength > limits.timestamp ? undefined : [token]
}

function readJson(text: string, knownKeys: readonly string[]): unknown {
  const json = parseStrictJson(Buffer.from(text), knownKeys)
  return json.kind === 'parsed' ? json.value : undefined
}
