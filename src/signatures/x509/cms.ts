// Purpose:  read and verify CMS signed data with one signer: its content, the signer's certificate, and the others it carries.
// Spec:     RFC 5652 sections 5.1, 5.3, 5.4, 5.6; RFC 5035 (signing-certificate-v2).
// Input:    a token of at most 64 KiB; hostile.
// Deviates: DER only, exactly one signer, signed attributes required, SHA-2 only: so RFC 3161 and RFC 5816 have it.
// Unknowns: everything else → a sentence.
import { createHash } from 'node:crypto'
import { isSame, readCertificate, type Certificate } from './certificate.ts'
import {
  childrenOf,
  contextTag,
  DerFault,
  DerFields,
  eachChild,
  readDer,
  readInteger,
  readObjectIdentifier,
  readOrFault,
  tags,
  type DerNode,
} from './der.ts'
import { oids } from './object-identifiers.ts'
import {
  hashOf,
  isSignedBy,
  readAlgorithmIdentifier,
  signatureAlgorithmOf,
  type HashName,
} from './signature-algorithm.ts'

export const maxSignedDataBytes = 64 * 1024
const maxCertificates = 20

export interface VerifiedData {
  readonly content: Uint8Array
  readonly signer: Certificate
  /** All that it carries, with the signer; none of them is trusted. */
  readonly certificates: readonly Certificate[]
}

export type SignedDataResult =
  | { readonly kind: 'verified'; readonly data: VerifiedData }
  /** `malformed`: it cannot be read; `wrong`: it can, and does not hold. */
  | { readonly kind: 'malformed' | 'wrong'; readonly detail: string }

/** Holds the content to the signer's key. Whether the signer is to be believed is another question. */
export function verifySignedData(bytes: Uint8Array, contentType: string): SignedDataResult {
  if (bytes.length > maxSignedDataBytes)
    return { kind: 'malformed', detail: `it has more than ${maxSignedDataBytes} bytes` }
  const read = readOrFault(() => readSignedData(readDer(bytes), contentType))
  if (read.kind === 'fault') return { kind: 'malformed', detail: read.reason }
  return typeof read.value === 'string'
    ? { kind: 'wrong', detail: read.value }
    : { kind: 'verified', data: read.value }
}

function readSignedData(node: DerNode, contentType: string): VerifiedData | string {
  const outer = new DerFields(node)
  if (readObjectIdentifier(outer.next()) !== oids.signedData) throw new DerFault('no signed data')
  const holder = outer.next(contextTag(0, 'constructed'))
  const fields = new DerFields(new DerFields(holder, holder.tag).next())
  readInteger(fields.next())
  fields.next(tags.set)
  const encapsulated = new DerFields(fields.next())
  const type = readObjectIdentifier(encapsulated.next())
  if (type !== contentType) return `its content is of the type ${type}`
  const contentHolder = encapsulated.next(contextTag(0, 'constructed'))
  const content = new DerFields(contentHolder, contentHolder.tag).next(tags.octetString).content
  const carried = fields.optional(contextTag(0, 'constructed'))
  fields.optional(contextTag(1, 'constructed'))
  const signers = childrenOf(fields.next(tags.set))
  fields.end()
  const certificates = readCertificates(carried)
  const [signer, another] = signers
  // RFC 3161 section 2.4.2: of nobody but the authority.
  if (signer === undefined || another !== undefined) return `it has ${signers.length} signers`
  return verifySigner(signer, { content, contentType, certificates })
}

function readCertificates(carried: DerNode | undefined): readonly Certificate[] {
  if (carried === undefined) return []
  const certificates: Certificate[] = []
  for (const node of eachChild(carried)) {
    // Other choices are attribute certificates and obsolete forms.
    if (node.tag !== tags.sequence) continue
    if (certificates.length >= maxCertificates) throw new DerFault('too many certificates')
    certificates.push(readCertificate(node))
  }
  return certificates
}

interface Signed {
  readonly content: Uint8Array
  readonly contentType: string
  readonly certificates: readonly Certificate[]
}

function verifySigner(node: DerNode, signed: Signed): VerifiedData | string {
  const fields = new DerFields(node)
  readInteger(fields.next())
  const identifier = fields.next()
  const digest = hashOf(readAlgorithmIdentifier(fields.next()))
  const attributesNode = fields.optional(contextTag(0, 'constructed'))
  const algorithmNode = fields.next()
  const signature = fields.next(tags.octetString).content
  if (digest === undefined) return 'it is hashed with something other than SHA-2'
  if (attributesNode === undefined) return 'it has no signed attributes'
  const algorithm = signatureAlgorithmOf(readAlgorithmIdentifier(algorithmNode), digest)
  if (algorithm === undefined) return 'it is signed in a way that is not believed'
  const attributes = readAttributes(attributesNode)
  const fault = faultOfContent(attributes, signed, digest)
  if (fault !== undefined) return fault
  const signer = findSigner(identifier, signed.certificates)
  if (signer?.publicKey === undefined) return 'the certificate of its signer is not in it'
  const named = faultOfNamedCertificate(attributes.get(oids.signingCertificateV2), signer)
  if (named !== undefined) return named
  // What is signed is the SET itself, under its own tag: RFC 5652 section 5.4.
  const bytes = Buffer.from(attributesNode.whole)
  bytes[0] = tags.set
  return isSignedBy(signer.publicKey, algorithm, bytes, signature)
    ? { content: signed.content, signer, certificates: signed.certificates }
    : 'its signature is not of its signer'
}

function readAttributes(node: DerNode): ReadonlyMap<string, DerNode> {
  const attributes = new Map<string, DerNode>()
  for (const one of childrenOf(node)) {
    const fields = new DerFields(one)
    const type = readObjectIdentifier(fields.next())
    const [value, another] = childrenOf(fields.next(tags.set))
    if (attributes.has(type)) throw new DerFault('an attribute is there twice')
    // Several values are for attributes that nobody reads here.
    if (value !== undefined && another === undefined) attributes.set(type, value)
  }
  return attributes
}

function faultOfContent(
  attributes: ReadonlyMap<string, DerNode>,
  { content, contentType }: Signed,
  digest: HashName,
): string | undefined {
  const type = attributes.get(oids.contentType)
  if (type === undefined || readObjectIdentifier(type) !== contentType)
    return 'its signed attributes name another content type'
  const value = attributes.get(oids.messageDigest)
  const computed = createHash(digest).update(content).digest()
  return value?.tag === tags.octetString && isSame(value.content, computed)
    ? undefined
    : 'its signed attributes have the digest of another content'
}

function findSigner(
  identifier: DerNode,
  certificates: readonly Certificate[],
): Certificate | undefined {
  if (identifier.tag === contextTag(0, 'primitive')) {
    return certificates.find(({ extensions }) => {
      const own = extensions.get(oids.subjectKeyIdentifier)
      return own !== undefined && isSame(readDer(own.value).content, identifier.content)
    })
  }
  const fields = new DerFields(identifier)
  return findByIssuer(fields.next(), fields.next(), certificates)
}

function findByIssuer(
  name: DerNode,
  serialNode: DerNode,
  certificates: readonly Certificate[],
): Certificate | undefined {
  const serial = Buffer.from(readInteger(serialNode)).toString('hex')
  return certificates.find((one) => one.serial === serial && isSame(one.issuerDer, name.whole))
}

/** The signer's certificate must be the one that is signed along: another one for the same key would be another signer. */
function faultOfNamedCertificate(
  attribute: DerNode | undefined,
  signer: Certificate,
): string | undefined {
  if (attribute === undefined) return 'it lacks the attribute signing-certificate-v2'
  const [first] = childrenOf(new DerFields(attribute).next(tags.sequence))
  if (first === undefined) return 'its signing-certificate-v2 names no certificate'
  const fields = new DerFields(first)
  const algorithm = fields.optional(tags.sequence)
  const hash = algorithm === undefined ? 'sha256' : hashOf(readAlgorithmIdentifier(algorithm))
  if (hash === undefined)
    return 'its signing-certificate-v2 is hashed with something other than SHA-2'
  const named = fields.next(tags.octetString).content
  if (!isSame(createHash(hash).update(signer.der).digest(), named))
    return 'its signing-certificate-v2 names another certificate'
  const issuerSerial = fields.optional(tags.sequence)
  return issuerSerial === undefined ? undefined : faultOfIssuerSerial(issuerSerial, signer)
}

function faultOfIssuerSerial(node: DerNode, signer: Certificate): string | undefined {
  const fields = new DerFields(node)
  const names = childrenOf(fields.next(tags.sequence))
  const serial = Buffer.from(readInteger(fields.next())).toString('hex')
  const isNamed = names.some(
    (name) =>
      name.tag === contextTag(4, 'constructed') &&
      isSame(new DerFields(name, name.tag).next().whole, signer.issuerDer),
  )
  return isNamed && serial === signer.serial
    ? undefined
    : 'its signing-certificate-v2 names another issuer or serial number'
}
