// Purpose:  read a revocation list, and what it says of one certificate.
// Spec:     RFC 5280 section 5.
// Input:    DER of at most 32 MiB from a plain HTTP address; hostile until its signature is verified.
// Deviates: indirect lists, lists of some reasons only, and lists of attribute certificates are not used.
// Unknowns: a list that must not be used says so, with a sentence; it never says "not revoked".
import {
  isSame,
  keyUsages,
  readExtensions,
  type Certificate,
  type Extension,
} from './certificate.ts'
import {
  contextTag,
  DerFault,
  DerFields,
  eachChild,
  expectTag,
  readBoolean,
  readBytesOfBits,
  readDer,
  readInteger,
  readOrFault,
  readSmallInteger,
  readTime,
  tags,
  type DerNode,
} from './der.ts'
import { oids } from './object-identifiers.ts'
import { isSignedBy, readAlgorithmIdentifier, signatureAlgorithmOf } from './signature-algorithm.ts'

export const maxCrlBytes = 32 * 1024 * 1024

/** A list whose signature and scope were found good for one certificate. */
export interface RevocationList {
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** Undefined if it has none, as lists for a delta must have. */
  readonly number?: bigint
  /** Of a delta: the oldest base that it continues. */
  readonly deltaOf?: bigint
  /** Where deltas to this one lie. */
  readonly deltaUrls: readonly string[]
  readonly entry?: RevocationEntry
}

export interface RevocationEntry {
  readonly revokedAt: number
  /** RFC 5280 section 5.3.1; 6 is a hold, 8 takes one back. */
  readonly reason: number
  readonly invalidityDate?: number
}

export type CrlResult =
  | { readonly kind: 'list'; readonly list: RevocationList }
  | { readonly kind: 'unusable'; readonly detail: string }

/** What the list at `url` says of `certificate`, which `issuer` issued. Times are the caller's to judge. */
export function readCrl(bytes: Uint8Array, about: About): CrlResult {
  if (bytes.length > maxCrlBytes)
    return { kind: 'unusable', detail: `the list has more than ${maxCrlBytes} bytes` }
  const read = readOrFault(() => readList(readDer(bytes), about))
  if (read.kind === 'fault')
    return { kind: 'unusable', detail: `the list is no revocation list: ${read.reason}` }
  return typeof read.value === 'string'
    ? { kind: 'unusable', detail: `the list ${read.value}` }
    : { kind: 'list', list: read.value }
}

interface About {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly url: string
}

function readList(node: DerNode, about: About): RevocationList | string {
  const parts = readParts(node)
  const fault = faultOfSignature(parts, about.issuer)
  if (fault !== undefined) return fault
  const { nextUpdate, revoked } = parts
  if (nextUpdate === undefined) return 'does not say when the next one comes'
  const extensions = readExtensions(parts.extensionsHolder)
  const scope = faultOfScope(extensions, about)
  if (scope !== undefined) return scope
  const entry = revoked === undefined ? undefined : findEntry(revoked, about.certificate.serial)
  return {
    thisUpdate: parts.thisUpdate,
    nextUpdate: readTime(nextUpdate),
    ...numberOf('number', extensions.get(oids.crlNumber)),
    ...numberOf('deltaOf', extensions.get(oids.deltaCrlIndicator)),
    deltaUrls: deltaUrlsOf(extensions),
    ...(entry === undefined ? {} : { entry }),
  }
}

interface ListParts {
  readonly toBeSigned: DerNode
  readonly algorithmNode: DerNode
  readonly signature: Uint8Array
  readonly issuerName: DerNode
  readonly thisUpdate: number
  readonly nextUpdate: DerNode | undefined
  readonly revoked: DerNode | undefined
  readonly extensionsHolder: DerNode | undefined
}

function readParts(node: DerNode): ListParts {
  const outer = new DerFields(node)
  const toBeSigned = outer.next(tags.sequence)
  const algorithmNode = outer.next()
  const signature = readBytesOfBits(outer.next())
  outer.end()
  const fields = new DerFields(toBeSigned)
  const version = fields.optional(tags.integer)
  if (version !== undefined && readSmallInteger(version) !== 1)
    throw new DerFault('the version is unknown')
  if (!isSame(fields.next().whole, algorithmNode.whole))
    throw new DerFault('the two signature algorithms differ')
  const issuerName = fields.next(tags.sequence)
  const thisUpdate = readTime(fields.next())
  const nextUpdate = fields.optional(tags.utcTime, tags.generalizedTime)
  const revoked = fields.optional(tags.sequence)
  const extensionsHolder = fields.optional(contextTag(0, 'constructed'))
  fields.end()
  const signed = { toBeSigned, algorithmNode, signature }
  return { ...signed, issuerName, thisUpdate, nextUpdate, revoked, extensionsHolder }
}

function faultOfSignature(parts: ListParts, issuer: Certificate): string | undefined {
  if (!isSame(parts.issuerName.whole, issuer.subjectDer)) return 'is of another issuer'
  if (issuer.keyUsage?.has(keyUsages.cRLSign) === false)
    return 'is signed by an authority that may not sign lists'
  const algorithm = signatureAlgorithmOf(readAlgorithmIdentifier(parts.algorithmNode))
  if (algorithm === undefined || issuer.publicKey === undefined)
    return 'is signed in a way that is not believed'
  return isSignedBy(issuer.publicKey, algorithm, parts.toBeSigned.whole, parts.signature)
    ? undefined
    : 'has a signature that is not of the issuer'
}

function numberOf<Name extends string>(
  name: Name,
  extension: Extension | undefined,
): Partial<Record<Name, bigint>> {
  if (extension === undefined) return {}
  const hex = Buffer.from(readInteger(readDer(extension.value))).toString('hex')
  const value: Partial<Record<Name, bigint>> = {}
  value[name] = BigInt(`0x${hex}`)
  return value
}

function deltaUrlsOf(extensions: ReadonlyMap<string, Extension>): readonly string[] {
  const extension = extensions.get(oids.freshestCrl)
  return extension === undefined ? [] : distributionUrls(readDer(extension.value))
}

const scopeExtensions: ReadonlySet<string> = new Set([
  oids.issuingDistributionPoint,
  oids.deltaCrlIndicator,
])

function faultOfScope(
  extensions: ReadonlyMap<string, Extension>,
  { certificate, url }: { readonly certificate: Certificate; readonly url: string },
): string | undefined {
  for (const [oid, { isCritical }] of extensions) {
    if (isCritical && !scopeExtensions.has(oid))
      return `has the critical extension ${oid}, which is not understood here`
  }
  const point = extensions.get(oids.issuingDistributionPoint)
  return point === undefined ? undefined : faultOfPoint(point, certificate, url)
}

/** IssuingDistributionPoint: a list that speaks of some certificates only must speak of this one. */
function faultOfPoint(
  { value }: Extension,
  { basicConstraints }: Certificate,
  url: string,
): string | undefined {
  const fields = new DerFields(readDer(value))
  const name = fields.optional(contextTag(0, 'constructed'))
  const flag = (number: number): boolean => {
    const node = fields.optional(contextTag(number, 'primitive'))
    return node !== undefined && readBoolean({ ...node, tag: tags.boolean })
  }
  const [users, authorities] = [flag(1), flag(2)]
  if (fields.optional(contextTag(3, 'primitive')) !== undefined)
    return 'is about some reasons for revocation only'
  const [indirect, attributes] = [flag(4), flag(5)]
  fields.end()
  if (indirect) return 'is an indirect one'
  const isAuthority = basicConstraints?.isAuthority === true
  if (attributes || (users && isAuthority) || (authorities && !isAuthority))
    return 'is about another kind of certificates'
  if (name === undefined) return undefined
  const full = new DerFields(name, name.tag).optional(contextTag(0, 'constructed'))
  const urls = full === undefined ? [] : urlsOf(full)
  return urls.includes(url) ? undefined : 'is about the certificates of another address'
}

const uriName = contextTag(6, 'primitive')

function urlsOf(names: DerNode): readonly string[] {
  return [...eachChild(names)].flatMap(({ tag, content }) =>
    tag === uriName ? [Buffer.from(content).toString('latin1')] : [],
  )
}

/** The addresses in a list of distribution points, as certificates and lists have it. */
function distributionUrls(points: DerNode): readonly string[] {
  const urls = [...eachChild(points)].flatMap((point) => {
    const name = new DerFields(point).optional(contextTag(0, 'constructed'))
    const full = name && new DerFields(name, name.tag).optional(contextTag(0, 'constructed'))
    return full === undefined ? [] : urlsOf(full)
  })
  return urls.slice(0, 8)
}

/** One pass, holding one entry at a time: lists have a million of them. The last entry of a serial number counts. */
function findEntry(revoked: DerNode, serial: string): RevocationEntry | undefined {
  const wanted = Buffer.from(serial, 'hex')
  const { buffer, byteOffset, byteLength } = revoked.content
  // Who is not named at all, which is nearly everybody, costs one search for bytes: a long list takes seconds to walk.
  if (!Buffer.from(buffer, byteOffset, byteLength).includes(wanted)) return undefined
  let found: RevocationEntry | undefined
  for (const node of eachChild(revoked)) {
    // The serial number comes first: a SEQUENCE is only taken apart when it is the one.
    const [first] = firstChild(node)
    if (first === undefined || Buffer.compare(first.content, wanted) !== 0) continue
    const entry = readEntry(node)
    // A revocation for good stays one, whatever comes after it.
    if (found === undefined || isTemporary(found)) found = entry
  }
  return found
}

function firstChild(node: DerNode): readonly DerNode[] {
  for (const child of eachChild(expectTag(node, tags.sequence))) return [child]
  return []
}

/** A hold, or its end. */
export function isTemporary({ reason }: RevocationEntry): boolean {
  return reason === 6 || reason === 8
}

function readEntry(node: DerNode): RevocationEntry {
  const fields = new DerFields(node)
  readInteger(fields.next())
  const revokedAt = readTime(fields.next())
  const extensions = readExtensions(fields.optional(tags.sequence))
  fields.end()
  for (const [oid, { isCritical }] of extensions) {
    if (isCritical && oid !== oids.crlReason && oid !== oids.invalidityDate)
      throw new DerFault(`the entry has the critical extension ${oid}`)
  }
  const reason = extensions.get(oids.crlReason)
  const invalidity = extensions.get(oids.invalidityDate)
  return {
    revokedAt,
    reason: reason === undefined ? 0 : readReason(readDer(reason.value)),
    ...(invalidity === undefined ? {} : { invalidityDate: readTime(readDer(invalidity.value)) }),
  }
}

function readReason(node: DerNode): number {
  return readSmallInteger({ ...expectTag(node, tags.enumerated), tag: tags.integer })
}

/**
 * Whether a list that was just fetched may take the place of the one at hand: it must not be older, or whoever sits on the
 * way could bring back the list from before a revocation. Unreadable bytes may not.
 */
export function mayReplaceCrl(bytes: Uint8Array, current: Uint8Array): boolean {
  const [next, known] = [readOrFault(() => ageOf(bytes)), readOrFault(() => ageOf(current))]
  if (next.kind === 'fault') return false
  if (known.kind === 'fault') return true
  const isOlderNumber =
    next.value.number !== undefined &&
    known.value.number !== undefined &&
    next.value.number < known.value.number
  return !isOlderNumber && next.value.thisUpdate >= known.value.thisUpdate
}

function ageOf(bytes: Uint8Array): { readonly thisUpdate: number; readonly number?: bigint } {
  const { thisUpdate, extensionsHolder } = readParts(readDer(bytes))
  const extensions = readExtensions(extensionsHolder)
  return { thisUpdate, ...numberOf('number', extensions.get(oids.crlNumber)) }
}
