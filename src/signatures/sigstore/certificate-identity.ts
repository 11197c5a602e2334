// Purpose:  who a certificate of Fulcio's kind was issued to, and by whom that was vouched for.
// Spec:     Fulcio docs/oid-info.md, 1.3.6.1.4.1.57264.1: 1 to 6 are raw text, 7 is an OtherName, 8 to 24 are DER UTF8Strings; RFC 5280, 4.2.1.6.
// Input:    a certificate in DER, at most 16 KiB; its chain is verified by whoever asks.
// Deviates: two subject alternative names, or an extension twice, are refused: readers disagree about which one counts.
// Unknowns: a value of another form than its number has, or issuers that disagree → refused, never the more pleasant of the two.
import { X509Certificate as NodeCertificate } from 'node:crypto'
import { X509Certificate, type ASN1Obj } from '@sigstore/core'

/** Names of extensions, as trust policies write them, by the last part of their identifier. */
export const claimNumbers = {
  buildSignerUri: 9,
  buildSignerDigest: 10,
  runnerEnvironment: 11,
  sourceRepositoryUri: 12,
  sourceRepositoryDigest: 13,
  sourceRepositoryRef: 14,
  sourceRepositoryIdentifier: 15,
  sourceRepositoryOwnerUri: 16,
  sourceRepositoryOwnerIdentifier: 17,
  buildConfigUri: 18,
  buildConfigDigest: 19,
  buildTrigger: 20,
  runInvocationUri: 21,
  sourceRepositoryVisibility: 22,
  deploymentEnvironment: 23,
  tokenSubject: 24,
} as const

export interface CertificateIdentity {
  readonly subject: string
  /** Who vouched for the subject. */
  readonly issuer: string
  readonly claims: Readonly<Record<string, string>>
}

export type IdentityReading =
  | { readonly kind: 'identity'; readonly identity: CertificateIdentity }
  | { readonly kind: 'refused'; readonly detail: string }

const fulcioArc = '1.3.6.1.4.1.57264.1.'
const subjectNames = '2.5.29.17'
const codeSigning = '1.3.6.1.5.5.7.3.3'
const maxText = 2048

export function readCertificateIdentity(der: Buffer): IdentityReading {
  try {
    return identityOf(extensionsOf(der))
  } catch (error) {
    // DER that does not have the form of a certificate fails wherever it is first touched.
    const why = error instanceof Error ? error.message : ''
    return refused(`the certificate cannot be read: ${why}`)
  }
}

/** A sentence for a certificate that was not issued to sign with. */
export function faultOfSigningCertificate(der: Buffer): string | undefined {
  try {
    const { extBasicConstraints: constraints } = X509Certificate.parse(Buffer.from(der))
    if (constraints?.isCA === true)
      return 'the certificate is that of an authority, not of a signer'
    // What Node calls keyUsage is the extended one.
    return new NodeCertificate(der).keyUsage.includes(codeSigning)
      ? undefined
      : 'the certificate is not for signing code: its extended key usage lacks codeSigning'
  } catch (error) {
    return `the certificate cannot be read: ${error instanceof Error ? error.message : ''}`
  }
}

function refused(detail: string): IdentityReading {
  return { kind: 'refused', detail }
}

function extensionsOf(der: Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>()
  // A copy: the parser wants a buffer of its own kind of memory.
  for (const extension of X509Certificate.parse(Buffer.from(der)).extensions) {
    const oid = extension.subs[0]?.toOID() ?? ''
    if (found.has(oid)) throw new Error(`it has the extension ${oid} twice`)
    found.set(oid, valueOf(extension))
  }
  return found
}

function valueOf({ subs }: ASN1Obj): Buffer {
  const value = subs.at(-1)
  if (value === undefined || !value.tag.isOctetString())
    throw new Error('an extension has no value')
  return value.value
}

function identityOf(extensions: ReadonlyMap<string, Buffer>): IdentityReading {
  const subject = readSubject(extensions.get(subjectNames))
  if (typeof subject !== 'string') return subject
  const first = readRaw(extensions.get(`${fulcioArc}1`))
  const second = readUtf8String(extensions.get(`${fulcioArc}8`))
  if (first === false || second === false)
    return refused('the certificate names its issuer in a form that its number does not have')
  if (first !== undefined && second !== undefined && first !== second)
    return refused(
      `the certificate names two issuers: ${JSON.stringify(first)} and ${JSON.stringify(second)}`,
    )
  const issuer = second ?? first
  if (issuer === undefined) return refused('the certificate does not say who vouched for it')
  const claims: Record<string, string> = {}
  for (const [name, number] of Object.entries(claimNumbers)) {
    const value = readUtf8String(extensions.get(`${fulcioArc}${number}`))
    if (value === false) return refused(`the certificate's ${name} is no DER UTF8String`)
    if (value !== undefined) claims[name] = value
  }
  return { kind: 'identity', identity: { subject, issuer, claims } }
}

const utf8String = 0x0c

/** One DER UTF8String that fills the value; false for anything else. */
function readUtf8String(value: Buffer | undefined): string | false | undefined {
  if (value === undefined) return undefined
  const content = contentOf(value, utf8String)
  return content !== undefined && readRaw(content)
}

function readRaw(bytes: Buffer | undefined): string | false | undefined {
  if (bytes === undefined) return undefined
  const text = decodeText(bytes)
  return text !== undefined && text !== '' && text
}

/** Printable, and without spaces at either end: these texts are compared and shown. */
function decodeText(bytes: Buffer): string | undefined {
  if (bytes.byteLength > maxText) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text) || text !== text.trim() ? undefined : text
  } catch {
    return undefined
  }
}

/** Of one DER element with this tag that fills `bytes`; lengths up to 65535 in their shortest form. */
function contentOf(bytes: Buffer, tag: number): Buffer | undefined {
  if (bytes.byteLength < 2 || bytes[0] !== tag) return undefined
  const first = bytes.readUInt8(1)
  const lengthBytes = first < 0x80 ? 0 : first - 0x80
  if (lengthBytes > 2 || first === 0x80 || bytes.byteLength < 2 + lengthBytes) return undefined
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes)
  const least = [0, 0x80, 0x100][lengthBytes] ?? 0
  const content = bytes.subarray(2 + lengthBytes)
  return length >= least && content.byteLength === length ? content : undefined
}

const sequence = 0x30
const generalNames = { otherName: 0xa0, mail: 0x81, address: 0x86 }

/** The one alternative name: an address, a mail address, or Fulcio's name of a user. */
function readSubject(value: Buffer | undefined): string | IdentityReading {
  const names = value === undefined ? undefined : contentOf(value, sequence)
  if (names === undefined) return refused('the certificate has no subject alternative name')
  const text =
    textOf(contentOf(names, generalNames.address)) ??
    textOf(contentOf(names, generalNames.mail)) ??
    otherNameOf(contentOf(names, generalNames.otherName))
  return (
    text ??
    refused(
      'the certificate has not exactly one subject alternative name that is an address, a mail address or a user',
    )
  )
}

function textOf(bytes: Buffer | undefined): string | undefined {
  const text = bytes === undefined ? undefined : decodeText(bytes)
  return text === undefined || text === '' || /\s/.test(text) ? undefined : text
}

const explicitValue = 0xa0

/** `SEQUENCE { OID 1.3.6.1.4.1.57264.1.7, [0] UTF8String }` with an implicit outer tag. */
function otherNameOf(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined || bytes[0] !== 0x06) return undefined
  const oid = bytes.subarray(0, 2 + (bytes[1] ?? 0))
  if (!oid.equals(otherNameOid)) return undefined
  const explicit = contentOf(bytes.subarray(oid.byteLength), explicitValue)
  return textOf(explicit === undefined ? undefined : contentOf(explicit, utf8String))
}

/** 1.3.6.1.4.1.57264.1.7, encoded. */
const otherNameOid = Buffer.from('060a2b0601040183bf300107', 'hex')
