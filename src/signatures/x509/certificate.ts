// Purpose:  read a certificate: what its chain, its names and its revocation are judged by.
// Spec:     RFC 5280 section 4.
// Input:    DER of at most 64 KiB, out of an envelope, a token or a trust store; hostile.
// Deviates: a version below 3 is read if it has no extensions; extensions outside our list are kept as bytes. Keys that can be broken,
//           or that cost more than a signature may, verify nothing, also an authority's.
// Unknowns: a key that Node cannot read, or that is none of `isBelieved` → `publicKey` is undefined.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import {
  childrenOf,
  contextTag,
  DerFault,
  DerFields,
  readBoolean,
  readBytesOfBits,
  readDer,
  readInteger,
  readNamedBits,
  readObjectIdentifier,
  readOrFault,
  readSmallInteger,
  readTime,
  tags,
  type DerNode,
} from './der.ts'
import { readName, type DistinguishedName } from './distinguished-name.ts'
import { oids } from './object-identifiers.ts'
import {
  isSignedBy,
  readAlgorithmIdentifier,
  signatureAlgorithmOf,
  type SignatureAlgorithm,
} from './signature-algorithm.ts'

export const maxCertificateBytes = 64 * 1024
const maxExtensions = 64
const maxUrls = 8

export interface Extension {
  readonly isCritical: boolean
  readonly value: Uint8Array
}

/** Bits of RFC 5280 section 4.2.1.3. */
export const keyUsages = {
  digitalSignature: 0,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const

export interface Certificate {
  readonly der: Uint8Array
  /** What its issuer signed. */
  readonly toBeSigned: Uint8Array
  /** Of DER, in lower-case hex, without a colon. */
  readonly serial: string
  /** The names as encoded: only equal bytes are the same name. */
  readonly issuerDer: Uint8Array
  readonly subjectDer: Uint8Array
  readonly subject: DistinguishedName
  /** Milliseconds since the epoch; both ends are within. */
  readonly notBefore: number
  readonly notAfter: number
  readonly publicKeyDer: Uint8Array
  readonly publicKey?: KeyObject
  /** Undefined for SHA-1 and whatever else is not believed. */
  readonly signatureAlgorithm?: SignatureAlgorithm
  readonly signatureAlgorithmOid: string
  readonly signature: Uint8Array
  readonly extensions: ReadonlyMap<string, Extension>
  readonly basicConstraints?: { readonly isAuthority: boolean; readonly pathLength?: number }
  readonly keyUsage?: ReadonlySet<number>
  readonly extendedKeyUsage?: readonly string[]
  readonly ocspUrls: readonly string[]
  readonly crlUrls: readonly string[]
}

export type CertificateResult =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'refused'; readonly reason: string }

export function parseCertificate(der: Uint8Array): CertificateResult {
  if (der.length > maxCertificateBytes)
    return { kind: 'refused', reason: `is larger than ${maxCertificateBytes} bytes` }
  const read = readOrFault(() => readCertificate(readDer(der)))
  return read.kind === 'read'
    ? { kind: 'certificate', certificate: read.value }
    : { kind: 'refused', reason: `is no X.509 certificate: ${read.reason}` }
}

/** Throws DerFault. */
export function readCertificate(node: DerNode): Certificate {
  const outer = new DerFields(node)
  const toBeSigned = outer.next(tags.sequence)
  const algorithmNode = outer.next()
  const signature = readBytesOfBits(outer.next())
  outer.end()
  const fields = new DerFields(toBeSigned)
  const version = readVersion(fields.optional(contextTag(0, 'constructed')))
  const serial = Buffer.from(readInteger(fields.next())).toString('hex')
  // An attacker who may choose one of two algorithms could have the other one checked: RFC 5280 section 4.1.1.2.
  if (!isSame(fields.next().whole, algorithmNode.whole))
    throw new DerFault('the two signature algorithms differ')
  const issuer = fields.next(tags.sequence)
  const validity = new DerFields(fields.next())
  const [notBefore, notAfter] = [readTime(validity.next()), readTime(validity.next())]
  const subject = fields.next(tags.sequence)
  const key = fields.next(tags.sequence)
  for (const number of [1, 2])
    fields.optional(contextTag(number, 'primitive'), contextTag(number, 'constructed'))
  const extensions = readExtensions(fields.optional(contextTag(3, 'constructed')), version)
  fields.end()
  readName(issuer)
  const algorithm = readAlgorithmIdentifier(algorithmNode)
  const signatureAlgorithm = signatureAlgorithmOf(algorithm)
  const publicKey = readPublicKey(key.whole)
  return {
    der: node.whole,
    toBeSigned: toBeSigned.whole,
    serial,
    issuerDer: issuer.whole,
    subjectDer: subject.whole,
    subject: readName(subject),
    notBefore,
    notAfter,
    publicKeyDer: key.whole,
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(signatureAlgorithm === undefined ? {} : { signatureAlgorithm }),
    signatureAlgorithmOid: algorithm.oid,
    signature,
    extensions,
    ...readUsages(extensions),
    ocspUrls: readOcspUrls(extensions.get(oids.authorityInfoAccess)),
    crlUrls: readCrlUrls(extensions.get(oids.crlDistributionPoints)),
  }
}

function readVersion(node: DerNode | undefined): number {
  if (node === undefined) return 1
  const version = readSmallInteger(new DerFields(node, node.tag).next()) + 1
  if (version !== 2 && version !== 3) throw new DerFault('the version is unknown')
  return version
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

function readPublicKey(der: Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
    return isBelieved(key) ? key : undefined
  } catch {
    return undefined
  }
}

/** In bits. Below it somebody may have found the private key; a stranger's key of 16384 keeps a processor for 20 milliseconds each time. */
const rsaSizes = { least: 2048, most: 8192 } as const
const mostExponent = 2n ** 32n
const curves: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1']

function isBelieved({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: KeyObject): boolean {
  if (type === 'ec') return curves.includes(details?.namedCurve ?? '')
  const { modulusLength = 0, publicExponent = 0n } = details ?? {}
  const isOfSize = modulusLength >= rsaSizes.least && modulusLength <= rsaSizes.most
  return isOfSize && publicExponent > 1n && publicExponent <= mostExponent
}

/** Of certificates, of revocation lists and of their entries: `holder` holds the SEQUENCE of extensions. */
export function readExtensions(
  holder: DerNode | undefined,
  version = 3,
): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>()
  if (holder === undefined) return extensions
  if (version !== 3) throw new DerFault('there are extensions in a version that has none')
  const list =
    holder.tag === tags.sequence ? holder : new DerFields(holder, holder.tag).next(tags.sequence)
  for (const node of childrenOf(list)) {
    const fields = new DerFields(node)
    const oid = readObjectIdentifier(fields.next())
    const critical = fields.optional(tags.boolean)
    const value = fields.next(tags.octetString).content
    fields.end()
    // Of two with one name, another reader may believe the other one.
    if (extensions.has(oid)) throw new DerFault(`the extension ${oid} is there twice`)
    if (extensions.size >= maxExtensions) throw new DerFault('there are too many extensions')
    extensions.set(oid, { isCritical: critical !== undefined && readBoolean(critical), value })
  }
  return extensions
}

function readUsages(
  extensions: ReadonlyMap<string, Extension>,
): Pick<Certificate, 'basicConstraints' | 'keyUsage' | 'extendedKeyUsage'> {
  const constraints = extensions.get(oids.basicConstraints)
  const usage = extensions.get(oids.keyUsage)
  const extended = extensions.get(oids.extendedKeyUsage)
  return {
    ...(constraints === undefined ? {} : { basicConstraints: readConstraints(constraints.value) }),
    ...(usage === undefined ? {} : { keyUsage: readNamedBits(readDer(usage.value)) }),
    ...(extended === undefined
      ? {}
      : { extendedKeyUsage: childrenOf(readDer(extended.value)).map(readObjectIdentifier) }),
  }
}

function readConstraints(value: Uint8Array): NonNullable<Certificate['basicConstraints']> {
  const fields = new DerFields(readDer(value))
  const authority = fields.optional(tags.boolean)
  const length = fields.optional(tags.integer)
  fields.end()
  return {
    isAuthority: authority !== undefined && readBoolean(authority),
    ...(length === undefined ? {} : { pathLength: readSmallInteger(length) }),
  }
}

const uriName = contextTag(6, 'primitive')

function readOcspUrls(extension: Extension | undefined): readonly string[] {
  if (extension === undefined) return []
  const urls = childrenOf(readDer(extension.value)).flatMap((description) => {
    const fields = new DerFields(description)
    const method = readObjectIdentifier(fields.next())
    const location = fields.next()
    return method === oids.ocsp && location.tag === uriName ? [readUrl(location)] : []
  })
  return capped(urls)
}

function readCrlUrls(extension: Extension | undefined): readonly string[] {
  if (extension === undefined) return []
  const urls = childrenOf(readDer(extension.value)).flatMap((point) => {
    const name = new DerFields(point).optional(contextTag(0, 'constructed'))
    const full = name && new DerFields(name, name.tag).optional(contextTag(0, 'constructed'))
    if (full === undefined) return []
    return childrenOf(full).flatMap((one) => (one.tag === uriName ? [readUrl(one)] : []))
  })
  return capped(urls)
}

function readUrl({ content }: DerNode): string {
  return Buffer.from(content).toString('latin1')
}

function capped(urls: readonly string[]): readonly string[] {
  if (urls.length > maxUrls) throw new DerFault(`there are more than ${maxUrls} locations`)
  return urls
}

/** Whether `issuer` has the name that this certificate says, and made its signature. Says nothing of whether it may. */
export function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  const { signatureAlgorithm, toBeSigned, signature } = certificate
  if (!isSame(certificate.issuerDer, issuer.subjectDer)) return false
  if (signatureAlgorithm === undefined || issuer.publicKey === undefined) return false
  return isSignedBy(issuer.publicKey, signatureAlgorithm, toBeSigned, signature)
}

/** SHA-256 over its DER, in lower-case hex. */
export function thumbprintOf({ der }: Certificate): string {
  return createHash('sha256').update(der).digest('hex')
}

export function isValidAt({ notBefore, notAfter }: Certificate, at: number): boolean {
  return at >= notBefore && at <= notAfter
}
