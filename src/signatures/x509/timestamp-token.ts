// Purpose:  when were these bytes there at the latest, by the word of a timestamp authority that we trust?
// Spec:     RFC 3161 sections 2.3 and 2.4.2, RFC 5816; Notary Project trust-store-trust-policy.md, authentic timestamp.
// Input:    a token as an envelope carries it, the bytes it must be over, the roots of the trust stores; the token is hostile.
// Deviates: tokens in BER are refused; the imprint must be SHA-2.
// Unknowns: `malformed` and `wrong` are about the token, `untrusted` about who made it.
import { createHash } from 'node:crypto'
import { isIssuedBy, isSame, isValidAt, readExtensions, type Certificate } from './certificate.ts'
import {
  faultOfChain,
  faultOfExtensions,
  isSelfSigned,
  maxChainLength,
  shownName,
} from './chain-rules.ts'
import { verifySignedData, type VerifiedData } from './cms.ts'
import {
  contextTag,
  DerFields,
  readDer,
  readInteger,
  readObjectIdentifier,
  readOrFault,
  readSmallInteger,
  readTime,
  tags,
  type DerNode,
} from './der.ts'
import { oids } from './object-identifiers.ts'
import { hashOf, readAlgorithmIdentifier } from './signature-algorithm.ts'

export interface Timestamp {
  /** Milliseconds since the epoch. */
  readonly genTime: number
  /** In milliseconds, may have a fraction; the time is within genTime ± this. */
  readonly accuracy: number
  /** As it was asked with; undefined where it was asked without. */
  readonly nonce?: Uint8Array
  /** Of the authority, leaf first, complete to its root. */
  readonly chain: readonly Certificate[]
}

export type TimestampResult =
  | { readonly kind: 'timestamp'; readonly timestamp: Timestamp }
  | { readonly kind: 'malformed' | 'wrong' | 'untrusted'; readonly detail: string }

export interface TimestampTrust {
  /** Self-signed certificates. */
  readonly roots: readonly Certificate[]
  readonly strictExtensions: boolean
}

export function verifyTimestampToken(
  token: Uint8Array,
  stamped: Uint8Array,
  trust: TimestampTrust,
): TimestampResult {
  const signed = verifySignedData(token, oids.tstInfo)
  if (signed.kind !== 'verified')
    return { kind: signed.kind, detail: `of the timestamp: ${signed.detail}` }
  const read = readOrFault(() => readTstInfo(readDer(signed.data.content), stamped))
  if (read.kind === 'fault')
    return { kind: 'malformed', detail: `the timestamp cannot be read: ${read.reason}` }
  if (typeof read.value === 'string') return { kind: 'wrong', detail: read.value }
  const chain = findChain(signed.data, trust.roots)
  if (chain === undefined)
    return {
      kind: 'untrusted',
      detail: `the timestamp is by ${shownName(signed.data.signer)}, which leads to no root of the trust policy's stores for timestamps`,
    }
  const fault =
    faultOfChain(chain, 'timeStamping') ??
    (trust.strictExtensions ? faultOfExtensions(chain) : undefined)
  if (fault !== undefined)
    return { kind: 'untrusted', detail: `of the timestamp authority, ${fault}` }
  const timestamp = { ...read.value, chain }
  const ended = chain.find((one) => !isValidAt(one, timestamp.genTime))
  return ended === undefined
    ? { kind: 'timestamp', timestamp }
    : {
        kind: 'untrusted',
        detail: `the timestamp authority's certificate ${shownName(ended)} was not valid at the time that it states`,
      }
}

function readTstInfo(node: DerNode, stamped: Uint8Array): Omit<Timestamp, 'chain'> | string {
  const fields = new DerFields(node)
  if (readSmallInteger(fields.next()) !== 1) return 'the timestamp is of an unknown version'
  const policy = readObjectIdentifier(fields.next())
  const imprint = new DerFields(fields.next())
  const hash = hashOf(readAlgorithmIdentifier(imprint.next()))
  if (hash === undefined) return 'the timestamp is over a hash that is not SHA-2'
  const hashed = imprint.next(tags.octetString).content
  if (!isSame(createHash(hash).update(stamped).digest(), hashed))
    return 'the timestamp is over another signature'
  readInteger(fields.next())
  const genTime = readTime(fields.next(tags.generalizedTime))
  const accuracy = readAccuracy(fields.optional(tags.sequence))
  fields.optional(tags.boolean)
  const asked = fields.optional(tags.integer)
  fields.optional(contextTag(0, 'constructed'))
  const holder = fields.optional(contextTag(1, 'constructed'))
  fields.end()
  const extensions = readExtensions(holder && { ...holder, tag: tags.sequence })
  const critical = [...extensions].find(([, { isCritical }]) => isCritical)
  if (critical !== undefined) return `the timestamp has the critical extension ${critical[0]}`
  // RFC 3628 section 5.2: who follows the baseline policy is accurate to a second.
  const isBaseline = accuracy === 0 && policy === oids.baselineTimestampPolicy
  const nonce = asked === undefined ? {} : { nonce: readInteger(asked) }
  return { genTime, accuracy: isBaseline ? 1000 : accuracy, ...nonce }
}

function readAccuracy(node: DerNode | undefined): number {
  if (node === undefined) return 0
  const fields = new DerFields(node)
  const seconds = fields.optional(tags.integer)
  const part = (number: number): number => {
    const found = fields.optional(contextTag(number, 'primitive'))
    return found === undefined ? 0 : readSmallInteger({ ...found, tag: tags.integer })
  }
  const [millis, micros] = [part(0), part(1)]
  fields.end()
  return (seconds === undefined ? 0 : readSmallInteger(seconds)) * 1000 + millis + micros / 1000
}

/** Signatures that are looked at while a way to a root is sought: names may be repeated to make many ways. */
const maxLookups = 60

/** From the signer to one of the roots, over what the token carries. */
function findChain(
  { signer, certificates }: VerifiedData,
  roots: readonly Certificate[],
): readonly Certificate[] | undefined {
  const candidates = [...roots, ...certificates]
  let lookups = 0
  const search = (chain: readonly Certificate[]): readonly Certificate[] | undefined => {
    const last = chain.at(-1)
    if (last === undefined || chain.length > maxChainLength) return undefined
    if (roots.some(({ der }) => isSame(der, last.der))) return chain
    if (isSelfSigned(last)) return undefined
    for (const issuer of candidates) {
      if (!isSame(issuer.subjectDer, last.issuerDer) || chain.includes(issuer)) continue
      lookups += 1
      if (lookups > maxLookups) return undefined
      const found = isIssuedBy(last, issuer) ? search([...chain, issuer]) : undefined
      if (found !== undefined) return found
    }
    return undefined
  }
  return search([signer])
}
