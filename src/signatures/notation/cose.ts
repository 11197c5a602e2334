// Purpose:  read a signature envelope in COSE.
// Spec:     Notary Project signature-envelope-cose.md; RFC 9052 section 4.2 (COSE_Sign1), RFC 9360 (x5chain), RFC 8949.
// Input:    at most 1 MiB; hostile.
// Deviates: the chain is read from the unprotected header only, as notation does, although the specification allows both.
// Unknowns: tags but 18 around the envelope and 1 before a time are refused; other unprotected members are ignored.
import { encode } from 'cborg'
import { maxChainLength } from '../x509/chain-rules.ts'
import { malformed, readAttributes, unsignedNames, type Refusal } from './attributes.ts'
import { CborTime, readCbor } from './cbor.ts'
import type { EnvelopeResult, SignatureEnvelope } from './signature-envelope.ts'

export const coseMediaType = 'application/cose'

const labels = { algorithm: 1, critical: 2, contentType: 3, chain: 33 } as const

/** RFC 9052 section 3.1: labels 0 to 8 are understood by everybody and not listed as critical. */
const standardLabels: ReadonlySet<string | number> = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8])

/** RFC 9053 and RFC 8230, by JOSE's names. */
const algorithmNames: ReadonlyMap<unknown, string> = new Map([
  [-37, 'PS256'],
  [-38, 'PS384'],
  [-39, 'PS512'],
  [-7, 'ES256'],
  [-35, 'ES384'],
  [-36, 'ES512'],
])

export function readCose(bytes: Uint8Array): EnvelopeResult {
  // Tag 18 in one byte. Without it the same array decodes as well, and is no COSE_Sign1_Tagged.
  if (bytes[0] !== 0xd2) return malformed('the envelope is no COSE_Sign1 with its tag')
  const message = readCbor(bytes.subarray(1))
  if (message.kind === 'refused') return malformed(`the envelope ${message.reason}`)
  const parts: readonly unknown[] = Array.isArray(message.value) ? message.value : []
  if (parts.length !== 4) return malformed('the envelope is not an array of four')
  const [protectedBytes, unprotected, payload, signature] = parts
  if (!isBytes(protectedBytes) || !isBytes(payload) || !isBytes(signature))
    return malformed('protected header, payload and signature are not all byte strings')
  if (payload.length === 0 || signature.length === 0)
    return malformed('the payload or the signature is empty')
  const signed = readProtected(protectedBytes)
  if (signed.kind === 'refused') return signed
  const unsigned = readUnprotected(unprotected)
  if (unsigned.kind === 'refused') return unsigned
  const signedBytes = signedBytesOf(protectedBytes, payload)
  return {
    kind: 'envelope',
    envelope: {
      format: 'cose',
      payload,
      signedBytes,
      signature,
      ...signed.signed,
      ...unsigned.members,
    },
  }
}

/** Sig_structure of RFC 9052 section 4.4, with the protected header as it was received. */
export function signedBytesOf(protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array {
  return encode(['Signature1', protectedBytes, new Uint8Array(0), payload])
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

type ProtectedResult =
  | {
      readonly kind: 'signed'
      readonly signed: Pick<SignatureEnvelope, 'algorithm' | 'contentType' | 'attributes'>
    }
  | Refusal

function readProtected(bytes: Uint8Array): ProtectedResult {
  const header = readCbor(bytes)
  if (header.kind === 'refused') return malformed(`the protected header ${header.reason}`)
  const members = membersOf(header.value)
  if (members === undefined)
    return malformed('the protected header is not a map with text and numbers as keys')
  const algorithm = members.get(labels.algorithm)
  if (typeof algorithm !== 'number') return malformed('the algorithm (label 1) is missing')
  const contentType = members.get(labels.contentType)
  if (typeof contentType !== 'string')
    return malformed('the content type (label 3) is missing or no text')
  const listed = members.get(labels.critical)
  const critical: readonly unknown[] = Array.isArray(listed) ? listed : []
  const names = critical.filter((name) => isLabel(name))
  if (names.length !== critical.length) return malformed('crit names something that is no label')
  const read = readAttributes({ members, critical: names, standard: standardLabels, readTime })
  if (read.kind === 'refused') return read
  const name = algorithmNames.get(algorithm) ?? `COSE algorithm ${algorithm}`
  return {
    kind: 'signed',
    signed: { algorithm: name, contentType, attributes: read.attributes },
  }
}

function isLabel(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function membersOf(value: unknown): ReadonlyMap<string | number, unknown> | undefined {
  if (!(value instanceof Map)) return undefined
  const members = new Map<string | number, unknown>()
  for (const [name, member] of value as ReadonlyMap<unknown, unknown>) {
    if (!isLabel(name)) return undefined
    members.set(name, member)
  }
  return members
}

/** Up to the end of the year 9999, which is as far as the other envelope can write. */
const lastSecond = 253_402_300_799

function readTime(value: unknown): number | string {
  if (!(value instanceof CborTime)) return 'is not a number of seconds with tag 1'
  const { seconds } = value
  const isTime = Number.isSafeInteger(seconds) && Math.abs(seconds) <= lastSecond
  return isTime ? seconds * 1000 : 'is not a whole number of seconds before the year 10000'
}

type UnprotectedResult =
  | {
      readonly kind: 'unsigned'
      readonly members: Pick<SignatureEnvelope, 'chain' | 'timestamp' | 'signingAgent'>
    }
  | Refusal

function readUnprotected(value: unknown): UnprotectedResult {
  const members = membersOf(value)
  if (members === undefined)
    return malformed('the unprotected header is not a map with text and numbers as keys')
  const chain: unknown = members.get(labels.chain)
  if (!Array.isArray(chain) || chain.length === 0)
    return malformed('the chain (label 33) is missing, or not an array')
  if (chain.length > maxChainLength) {
    const detail = `the chain has ${chain.length} certificates, more than ${maxChainLength}`
    return { kind: 'refused', reason: 'limit', detail }
  }
  const certificates = chain.filter((one) => isBytes(one))
  if (certificates.length !== chain.length)
    return malformed('the chain has an entry that is no byte string')
  const timestamp = members.get(unsignedNames.timestamp)
  if (timestamp !== undefined && !isBytes(timestamp))
    return malformed(`${unsignedNames.timestamp} is no byte string`)
  const signingAgent = members.get(unsignedNames.signingAgent)
  return {
    kind: 'unsigned',
    members: {
      chain: certificates,
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(typeof signingAgent === 'string' ? { signingAgent } : {}),
    },
  }
}
