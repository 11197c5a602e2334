// Purpose:  ask a timestamp authority for a token, and read what it answers.
// Spec:     RFC 3161 sections 2.4.1 and 2.4.2; RFC 5816.
// Input:    bytes of ours to be stamped; an answer of at most 64 KiB, hostile until its token is verified.
// Deviates: a request names no policy: whichever the authority has is taken, and what it is worth its root's owner knows.
// Unknowns: an answer without a token, or one that cannot be read → a sentence, never a token.
import { createHash } from 'node:crypto'
import {
  childrenOf,
  DerFields,
  readDer,
  readNamedBits,
  readOrFault,
  readSmallInteger,
  tags,
  type DerNode,
} from './der.ts'
import { boolean, integer, objectIdentifier, octetString, sequence } from './der-writer.ts'
import { oids } from './object-identifiers.ts'
import type { HashName } from './signature-algorithm.ts'

export const timestampQueryType = 'application/timestamp-query'
export const timestampReplyType = 'application/timestamp-reply'

/** RFC 4210 appendix F, PKIFailureInfo: the bits that authorities of timestamps set. */
export const timestampFailures = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  timeNotAvailable: 14,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
  addInfoNotAvailable: 17,
  systemFailure: 25,
} as const

export type TimestampFailure = keyof typeof timestampFailures

/** A TimeStampReq over the hash of `stamped`. `nonce`: random bytes, which the token must have again. */
export function writeTimestampRequest(
  stamped: Uint8Array,
  { hash, nonce }: { readonly hash: HashName; readonly nonce: Uint8Array },
): Uint8Array {
  const hashed = createHash(hash).update(stamped).digest()
  const imprint = sequence(sequence(objectIdentifier(oids[hash])), octetString(hashed))
  return sequence(integer(1), imprint, integer(nonce), boolean(true))
}

export type TimestampAnswer =
  | { readonly kind: 'token'; readonly token: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: string }

/** Of a TimeStampResp; the token in it is not verified. */
export function readTimestampAnswer(bytes: Uint8Array): TimestampAnswer {
  const read = readOrFault(() => readAnswer(readDer(bytes)))
  if (read.kind === 'fault')
    return { kind: 'refused', reason: `the answer is no timestamp: ${read.reason}` }
  return read.value
}

function readAnswer(node: DerNode): TimestampAnswer {
  const fields = new DerFields(node)
  const status = new DerFields(fields.next(tags.sequence))
  const code = readSmallInteger(status.next())
  const said = status.optional(tags.sequence)
  const bits = status.optional(tags.bitString)
  const token = fields.optional(tags.sequence)
  fields.end()
  // 0 is granted, 1 is granted with modifications.
  if (code <= 1 && token !== undefined) return { kind: 'token', token: token.whole }
  const words = [textOf(said), failureOf(bits)].filter((one) => one !== '')
  return {
    kind: 'refused',
    reason: `the authority gives no timestamp: status ${code}${words.length === 0 ? '' : `, ${words.join(', ')}`}`,
  }
}

function failureOf(bits: DerNode | undefined): string {
  if (bits === undefined) return ''
  const set = readNamedBits(bits)
  return Object.entries(timestampFailures)
    .filter(([, bit]) => set.has(bit))
    .map(([name]) => name)
    .join(' ')
}

const longestSaid = 200

/** Free text of a stranger, in a sentence of ours. */
function textOf(said: DerNode | undefined): string {
  const [first] = said === undefined ? [] : childrenOf(said)
  if (first === undefined) return ''
  return JSON.stringify(Buffer.from(first.content).toString('utf8').slice(0, longestSaid))
}
