// Purpose:  find a VEX document in what is attached to an image, and say whether it is to be believed.
// Spec:     DSSE 1.0 (envelope, PAE); in-toto Statement v1 and v0.1; sigstore bundle v0.1 to v0.3 with a dsseEnvelope.
// Input:    bytes of a layer that whoever may push has pushed; hostile.
// Deviates: signatures are verified with the keys at hand alone: certificates and transparency logs prove nothing here.
// Unknowns: unsigned, signed by somebody else, about another image, unreadable → not trusted, with the reason.
import { parseDigest, type Digest } from '../oci/digest.ts'
import { parseStrictJson } from '../oci/strict-json.ts'
import { isRecord, type Reading } from './placed.ts'
import { decodeEitherBase64 } from '../lib/base64.ts'
import { preAuthenticationEncoding } from '../lib/dsse.ts'
import { verifies, type TrustedKey } from '../lib/public-keys.ts'
import { isVex, maxVexBytes, readVex } from './read-vex.ts'
import type { VexDocument } from './vex-document.ts'

export type JudgedAttachment =
  /** Nothing in it is a VEX document. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'trusted'
      readonly document: VexDocument
      /** The document as JSON has it. */
      readonly source: unknown
      /** Of the key that signed. */
      readonly fingerprint: string
    }
  | {
      readonly kind: 'untrusted'
      readonly reason: string
      /** Where it can be read. */
      readonly document: VexDocument | undefined
    }

/** base64 makes four bytes of three, and the rest of the envelope is small. */
export const maxAttachmentBytes = Math.ceil((maxVexBytes * 4) / 3) + 256 * 1024

/** `subject`: the image that the attachment is pushed beside. */
export function judgeAttachment(
  bytes: Uint8Array,
  { keys, subject }: { readonly keys: readonly TrustedKey[]; readonly subject: Digest },
): JudgedAttachment {
  const json = bytes.byteLength > maxAttachmentBytes ? undefined : parseStrictJson(bytes, [])
  if (json?.kind !== 'parsed') return { kind: 'none' }
  const { value } = json
  if (isVex(value)) return unsigned(readVex(value), 'it is not signed')
  const bare = readStatement(value)
  if (bare !== undefined) return unsigned(documentOf(bare), 'the statement is not signed')
  const envelope = readEnvelope(isRecord(value) ? (value['dsseEnvelope'] ?? value) : undefined)
  if (envelope === undefined) return { kind: 'none' }
  const payload = parseStrictJson(envelope.payload, [])
  const statement = payload.kind === 'parsed' ? readStatement(payload.value) : undefined
  return statement === undefined
    ? { kind: 'none' }
    : judgeSigned(envelope, statement, { keys, subject })
}

function judgeSigned(
  envelope: Envelope,
  statement: Statement,
  { keys, subject }: { readonly keys: readonly TrustedKey[]; readonly subject: Digest },
): JudgedAttachment {
  const reading = documentOf(statement)
  if (keys.length === 0)
    return unsigned(reading, 'no keys are trusted: PRATIQUE_VEX_KEYS is not set')
  const signer = findSigner(envelope, keys)
  if (signer === undefined) return unsigned(reading, whyUnverified(envelope))
  if (!statement.subjects.includes(subject))
    return unsigned(reading, `it is about ${statement.subjects[0] ?? 'no digest'}, another image`)
  if (reading.kind === 'refused') return unsigned(reading, '')
  const { fingerprint } = signer
  return { kind: 'trusted', document: reading.value, source: statement.predicate, fingerprint }
}

function whyUnverified({ signatures }: Envelope): string {
  return signatures.length === 0
    ? 'it is not signed'
    : 'none of its signatures was made with a key of PRATIQUE_VEX_KEYS'
}

function unsigned(reading: Reading<VexDocument>, reason: string): JudgedAttachment {
  return reading.kind === 'read'
    ? { kind: 'untrusted', reason, document: reading.value }
    : { kind: 'untrusted', reason: reading.reason, document: undefined }
}

interface Envelope {
  readonly payloadType: string
  readonly payload: Uint8Array
  readonly signatures: readonly Uint8Array[]
}

/** What is beyond is not looked at: each one costs a hash of the whole payload for every key. */
const maxSignatures = 4
const maxSignatureBytes = 2048
const inTotoType = 'application/vnd.in-toto+json'

function readEnvelope(value: unknown): Envelope | undefined {
  if (!isRecord(value)) return undefined
  const { payloadType, payload: text, signatures: listed } = value
  const payload = decodeEitherBase64(text)
  if (payloadType !== inTotoType || payload === undefined || !Array.isArray(listed))
    return undefined
  const signatures = listed.slice(0, maxSignatures).flatMap((entry: unknown) => {
    const signature = isRecord(entry) ? decodeEitherBase64(entry['sig']) : undefined
    return signature === undefined || signature.byteLength > maxSignatureBytes ? [] : [signature]
  })
  return { payloadType, payload, signatures }
}

function findSigner(
  { payloadType, payload, signatures }: Envelope,
  keys: readonly TrustedKey[],
): TrustedKey | undefined {
  const signed = preAuthenticationEncoding(payloadType, payload)
  return keys.find((key) => signatures.some((signature) => verifies(key, signed, signature)))
}

interface Statement {
  readonly subjects: readonly Digest[]
  readonly predicate: unknown
}

const statementTypes = new Set([
  'https://in-toto.io/Statement/v1',
  'https://in-toto.io/Statement/v0.1',
])
const maxSubjects = 1000

/** Undefined for what is no statement, or one about something else than VEX. */
function readStatement(value: unknown): Statement | undefined {
  if (!isRecord(value) || !statementTypes.has(String(value['_type']))) return undefined
  const { subject, predicate } = value
  if (!isVex(predicate) || !Array.isArray(subject)) return undefined
  const subjects = subject.slice(0, maxSubjects).flatMap((entry: unknown) => {
    const digests = isRecord(entry) ? entry['digest'] : undefined
    if (!isRecord(digests)) return []
    return ['sha256', 'sha512'].flatMap(
      (algorithm) => parseDigest(`${algorithm}:${String(digests[algorithm])}`) ?? [],
    )
  })
  return { subjects, predicate }
}

function documentOf({ predicate }: Statement): Reading<VexDocument> {
  return readVex(predicate, { hasSubject: true })
}
