// Purpose:  answer a request for a timestamp, as an authority with the given key.
// Spec:     RFC 3161 sections 2.1, 2.4.1 and 2.4.2; RFC 5816 (signing-certificate-v2); RFC 5652 section 5.
// Input:    a request of at most 4 KiB, hostile; the time, the serial number and the key, all given.
// Deviates: hashes are SHA-2 alone; the policy is anyPolicy, since none was written down that an owner could vouch for.
// Unknowns: a request that cannot be answered as it was asked is refused with its failure bit; nothing is stamped in its place.
import { createHash, sign, type KeyObject } from 'node:crypto'
import { parseCertificate } from './certificate.ts'
import {
  contextTag,
  DerFields,
  readBoolean,
  readDer,
  readInteger,
  readObjectIdentifier,
  readOrFault,
  readSmallInteger,
  tags,
  type DerNode,
} from './der.ts'
import {
  element,
  generalizedTime,
  integer,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  utf8String,
} from './der-writer.ts'
import { algorithmIdentifierOf } from './issue-certificate.ts'
import { oids } from './object-identifiers.ts'
import { hashOf, readAlgorithmIdentifier, type HashName } from './signature-algorithm.ts'
import { timestampFailures, type TimestampFailure } from './timestamp-protocol.ts'

export const maxTimestampRequestBytes = 4096

export interface TimestampSigner {
  readonly key: KeyObject
  /** DER, the key's own certificate first, up to the root. */
  readonly chain: readonly Uint8Array[]
}

/** What is asked for, as it is told in the token again. */
export interface TimestampRequest {
  /** Encoded MessageImprint. */
  readonly imprint: Uint8Array
  /** Encoded. */
  readonly nonce: Uint8Array | undefined
  readonly wantsCertificates: boolean
}

export type ReadTimestampRequest =
  | { readonly kind: 'request'; readonly request: TimestampRequest }
  | { readonly kind: 'refused'; readonly failure: TimestampFailure; readonly reason: string }

export function readTimestampRequest(bytes: Uint8Array): ReadTimestampRequest {
  if (bytes.length > maxTimestampRequestBytes)
    return refused('badDataFormat', `the request has more than ${maxTimestampRequestBytes} bytes`)
  const read = readOrFault(() => readRequest(readDer(bytes)))
  return read.kind === 'fault'
    ? refused('badDataFormat', `the request cannot be read: ${read.reason}`)
    : read.value
}

function refused(failure: TimestampFailure, reason: string): ReadTimestampRequest {
  return { kind: 'refused', failure, reason }
}

const hashBytes: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 }

function readRequest(node: DerNode): ReadTimestampRequest {
  const fields = new DerFields(node)
  if (readSmallInteger(fields.next()) !== 1)
    return refused('badRequest', 'the version of the request is unknown')
  const imprint = fields.next(tags.sequence)
  const parts = new DerFields(imprint)
  const hash = hashOf(readAlgorithmIdentifier(parts.next()))
  const hashed = parts.next(tags.octetString).content
  parts.end()
  const policy = fields.optional(tags.objectIdentifier)
  const nonce = fields.optional(tags.integer)
  const asked = fields.optional(tags.boolean)
  const extensions = fields.optional(contextTag(0, 'constructed'))
  fields.end()
  if (nonce !== undefined) readInteger(nonce)
  if (hash === undefined) return refused('badAlg', 'hashes are SHA-256, SHA-384 and SHA-512')
  if (hashed.length !== hashBytes[hash])
    return refused('badDataFormat', `the hash has ${hashed.length} bytes, not ${hashBytes[hash]}`)
  if (policy !== undefined && readObjectIdentifier(policy) !== oids.anyPolicy)
    return refused('unacceptedPolicy', 'this authority has no policy: leave it out')
  if (extensions !== undefined)
    return refused('unacceptedExtension', 'extensions of requests are not understood')
  const wantsCertificates = asked !== undefined && readBoolean(asked)
  const request = { imprint: imprint.whole, nonce: nonce?.whole, wantsCertificates }
  return { kind: 'request', request }
}

/** A TimeStampResp with a token. `at` in milliseconds since the epoch; `serial`: random bytes, at least 8. */
export function grantTimestamp(
  request: TimestampRequest,
  signer: TimestampSigner,
  { at, serial }: { readonly at: number; readonly serial: Uint8Array },
): Uint8Array {
  return sequence(sequence(integer(0)), signToken(request, signer, { at, serial }))
}

/** A TimeStampResp without one. */
export function refuseTimestamp(failure: TimestampFailure, reason: string): Uint8Array {
  const bits = namedBits([timestampFailures[failure]])
  return sequence(sequence(integer(2), sequence(utf8String(reason)), bits))
}

function signToken(
  request: TimestampRequest,
  { key, chain }: TimestampSigner,
  { at, serial }: { readonly at: number; readonly serial: Uint8Array },
): Uint8Array {
  const content = tstInfo(request, { at, serial })
  const { identifier, hash } = algorithmIdentifierOf(key)
  const digest = sequence(objectIdentifier(hashOid(hash)))
  // Verifiers have the root, or they trust nobody.
  const carried = request.wantsCertificates ? chain.slice(0, -1) : []
  const [leaf = Buffer.alloc(0)] = chain
  const attributes = signedAttributes(leaf, content, hash)
  const implicit = Buffer.from(attributes)
  implicit[0] = contextTag(0, 'constructed')
  const signerInfo = sequence(
    integer(1),
    issuerAndSerialOf(leaf),
    digest,
    implicit,
    identifier,
    octetString(sign(hash, attributes, key)),
  )
  const signedData = sequence(
    integer(3),
    setOf(digest),
    sequence(
      objectIdentifier(oids.tstInfo),
      element(contextTag(0, 'constructed'), octetString(content)),
    ),
    ...(carried.length === 0 ? [] : [element(contextTag(0, 'constructed'), ...carried)]),
    setOf(signerInfo),
  )
  return sequence(
    objectIdentifier(oids.signedData),
    element(contextTag(0, 'constructed'), signedData),
  )
}

/** Times are written in whole seconds: within one of what the clock said. */
const accuracySeconds = 1

function tstInfo(
  { imprint, nonce }: TimestampRequest,
  { at, serial }: { readonly at: number; readonly serial: Uint8Array },
): Uint8Array {
  return sequence(
    integer(1),
    objectIdentifier(oids.anyPolicy),
    imprint,
    integer(serial),
    generalizedTime(at),
    sequence(integer(accuracySeconds)),
    ...(nonce === undefined ? [] : [nonce]),
  )
}

/** The SET that is signed. */
function signedAttributes(leaf: Uint8Array, content: Uint8Array, hash: string): Uint8Array {
  const ofLeaf = createHash('sha256').update(leaf).digest()
  const ofContent = createHash(hash).update(content).digest()
  const named = sequence(sequence(sequence(octetString(ofLeaf))))
  return setOf(
    sequence(objectIdentifier(oids.contentType), setOf(objectIdentifier(oids.tstInfo))),
    sequence(objectIdentifier(oids.messageDigest), setOf(octetString(ofContent))),
    sequence(objectIdentifier(oids.signingCertificateV2), setOf(named)),
  )
}

function issuerAndSerialOf(leaf: Uint8Array): Uint8Array {
  const parsed = parseCertificate(leaf)
  if (parsed.kind !== 'certificate') throw new Error("the authority's certificate cannot be read")
  const { issuerDer, serial } = parsed.certificate
  return sequence(issuerDer, integer(Buffer.from(serial, 'hex')))
}

function hashOid(hash: string): string {
  if (hash === 'sha256' || hash === 'sha384' || hash === 'sha512') return oids[hash]
  throw new Error(`${hash} is no hash of timestamps`)
}
