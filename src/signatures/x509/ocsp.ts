// Purpose:  ask for the status of one certificate by OCSP, and read the answer.
// Spec:     RFC 6960 section 4; RFC 5019.
// Input:    an answer of at most 64 KiB from a plain HTTP address; hostile until its signature is verified.
// Deviates: a delegated responder must carry id-pkix-ocsp-nocheck: its own revocation is not looked up, the list is used instead.
// Unknowns: an answer that must not be used, and the status "unknown", are `unusable` with a sentence.
import { createHash } from 'node:crypto'
import {
  isIssuedBy,
  isSame,
  isValidAt,
  keyUsages,
  readCertificate,
  readExtensions,
  type Certificate,
} from './certificate.ts'
import {
  childrenOf,
  contextTag,
  DerFault,
  DerFields,
  expectTag,
  readBytesOfBits,
  readDer,
  readInteger,
  readObjectIdentifier,
  readOrFault,
  readSmallInteger,
  readTime,
  tags,
  type DerNode,
} from './der.ts'
import { integer, nothing, objectIdentifier, octetString, sequence } from './der-writer.ts'
import type { RevocationEntry } from './crl.ts'
import { oids } from './object-identifiers.ts'
import { isSignedBy, readAlgorithmIdentifier, signatureAlgorithmOf } from './signature-algorithm.ts'

export const maxOcspBytes = 64 * 1024
const maxCertificates = 5

export interface OcspAnswer {
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** Undefined for "good". */
  readonly entry?: RevocationEntry
}

export type OcspResult =
  | { readonly kind: 'answer'; readonly answer: OcspAnswer }
  | { readonly kind: 'unusable'; readonly detail: string }

interface About {
  readonly certificate: Certificate
  readonly issuer: Certificate
}

/** With SHA-1 names, which is what responders of public authorities know. No nonce: answers are kept and shared. */
export function makeOcspRequest(about: About): Uint8Array {
  return sequence(sequence(sequence(sequence(certificateId(about)))))
}

export function certificateId({ certificate, issuer }: About): Uint8Array {
  return sequence(
    sequence(objectIdentifier(oids.sha1), nothing),
    octetString(createHash('sha1').update(issuer.subjectDer).digest()),
    octetString(createHash('sha1').update(keyBitsOf(issuer)).digest()),
    integer(Buffer.from(certificate.serial, 'hex')),
  )
}

function keyBitsOf({ publicKeyDer }: Certificate): Uint8Array {
  const fields = new DerFields(readDer(publicKeyDer))
  fields.next()
  return readBytesOfBits(fields.next())
}

/** What the answer says of `certificate`, which `issuer` issued. `now` is for the responder's certificate alone. */
export function readOcspAnswer(bytes: Uint8Array, about: About, now: number): OcspResult {
  if (bytes.length > maxOcspBytes)
    return { kind: 'unusable', detail: `the answer has more than ${maxOcspBytes} bytes` }
  const read = readOrFault(() => readResponse(readDer(bytes), about, now))
  if (read.kind === 'fault')
    return { kind: 'unusable', detail: `the answer is no OCSP response: ${read.reason}` }
  return typeof read.value === 'string'
    ? { kind: 'unusable', detail: `the answer ${read.value}` }
    : { kind: 'answer', answer: read.value }
}

function readResponse(node: DerNode, about: About, now: number): OcspAnswer | string {
  const outer = new DerFields(node)
  const status = expectTag(outer.next(), tags.enumerated)
  const code = readSmallInteger({ ...status, tag: tags.integer })
  if (code !== 0) return `is a refusal with the status ${code}`
  const holder = outer.next(contextTag(0, 'constructed'))
  const response = new DerFields(new DerFields(holder, holder.tag).next())
  if (readObjectIdentifier(response.next()) !== oids.ocspBasic) return 'is of an unknown type'
  const basic = new DerFields(readDer(response.next(tags.octetString).content))
  const toBeSigned = basic.next(tags.sequence)
  const algorithm = signatureAlgorithmOf(readAlgorithmIdentifier(basic.next()))
  const signature = readBytesOfBits(basic.next())
  const carried = basic.optional(contextTag(0, 'constructed'))
  const signer = findSigner(carried, about.issuer, now)
  if (typeof signer === 'string') return signer
  const isGood = signer.some(
    ({ publicKey }) =>
      publicKey !== undefined &&
      algorithm !== undefined &&
      isSignedBy(publicKey, algorithm, toBeSigned.whole, signature),
  )
  return isGood
    ? readData(toBeSigned, about)
    : 'is signed neither by the issuer nor by a responder of it'
}

/** The issuer itself, and every certificate in the answer that the issuer made for this. A sibling that signs code is none. */
function findSigner(
  carried: DerNode | undefined,
  issuer: Certificate,
  now: number,
): readonly Certificate[] | string {
  if (carried === undefined) return [issuer]
  const nodes = childrenOf(new DerFields(carried, carried.tag).next(tags.sequence))
  if (nodes.length > maxCertificates) return `carries more than ${maxCertificates} certificates`
  const delegated = nodes
    .map((node) => readCertificate(node))
    .filter(
      (one) =>
        one.extendedKeyUsage?.includes(oids.ocspSigning) === true &&
        one.extensions.has(oids.ocspNoCheck) &&
        one.keyUsage?.has(keyUsages.digitalSignature) !== false &&
        isValidAt(one, now) &&
        isIssuedBy(one, issuer),
    )
  return [issuer, ...delegated]
}

function readData(node: DerNode, about: About): OcspAnswer | string {
  const fields = new DerFields(node)
  fields.optional(contextTag(0, 'constructed'))
  // The responder's name or key: who it is was found out by the signature.
  fields.next()
  readTime(fields.next())
  const responses = childrenOf(fields.next(tags.sequence))
  const holder = fields.optional(contextTag(1, 'constructed'))
  const critical = [...readExtensions(holder)].find(([, { isCritical }]) => isCritical)
  if (critical !== undefined) return `has the critical extension ${critical[0]}`
  for (const response of responses) {
    const single = new DerFields(response)
    if (isAbout(single.next(), about)) return readSingle(single)
  }
  return 'is about other certificates'
}

/** Responders answer by the hash that they were asked with. */
const idHashes: ReadonlyMap<string, string> = new Map([
  [oids.sha1, 'sha1'],
  [oids.sha256, 'sha256'],
  [oids.sha384, 'sha384'],
  [oids.sha512, 'sha512'],
])

function isAbout(id: DerNode, { certificate, issuer }: About): boolean {
  const fields = new DerFields(id)
  const hash = idHashes.get(readAlgorithmIdentifier(fields.next()).oid)
  const name = fields.next(tags.octetString).content
  const key = fields.next(tags.octetString).content
  const serial = Buffer.from(readInteger(fields.next())).toString('hex')
  return (
    hash !== undefined &&
    serial === certificate.serial &&
    isSame(createHash(hash).update(issuer.subjectDer).digest(), name) &&
    isSame(createHash(hash).update(keyBitsOf(issuer)).digest(), key)
  )
}

function readSingle(single: DerFields): OcspAnswer | string {
  const status = single.next()
  const thisUpdate = readTime(single.next())
  const next = single.optional(contextTag(0, 'constructed'))
  const extensions = readExtensions(single.optional(contextTag(1, 'constructed')))
  const critical = [...extensions].find(
    ([oid, { isCritical }]) => isCritical && oid !== oids.invalidityDate,
  )
  if (critical !== undefined) return `has the critical extension ${critical[0]}`
  // Without it an answer from before a revocation could be shown for ever.
  if (next === undefined) return 'does not say when the next one comes'
  const times = { thisUpdate, nextUpdate: readTime(new DerFields(next, next.tag).next()) }
  if (status.tag === contextTag(0, 'primitive')) return times
  if (status.tag === contextTag(2, 'primitive')) return 'is that the certificate is unknown'
  if (status.tag !== contextTag(1, 'constructed')) throw new DerFault('the status is unknown')
  const revoked = new DerFields(status, status.tag)
  const revokedAt = readTime(revoked.next())
  const reason = revoked.optional(contextTag(0, 'constructed'))
  const invalidity = extensions.get(oids.invalidityDate)
  const code = reason && expectTag(new DerFields(reason, reason.tag).next(), tags.enumerated)
  const entry = {
    revokedAt,
    reason: code === undefined ? 0 : readSmallInteger({ ...code, tag: tags.integer }),
    ...(invalidity === undefined ? {} : { invalidityDate: readTime(readDer(invalidity.value)) }),
  }
  return { ...times, entry }
}
