// Purpose:  who a certificate of Fulcio's kind was issued to, and by whom that was vouched for.
// Spec:     Fulcio docs/oid-info.md, 1.3.6.1.4.1.57264.1: 1 to 6 are raw text, 7 is an OtherName, 8 to 24 are DER UTF8Strings; RFC 5280, 4.2.1.6.
// Input:    a certificate in DER, at most 16 KiB; its chain is verified by whoever asks.
// Deviates: two subject alternative names, or an extension twice, are refused: readers disagree about which one counts. So is what is
//           no DER, and a certificate whose two signature algorithms differ, although the library that verifies the chain takes both.
// Unknowns: a value of another form than its number has, or issuers that disagree → refused, never the more pleasant of the two.
import { parseCertificate, type Certificate } from '../x509/certificate.ts'
import {
  contextTag,
  DerFields,
  expectTag,
  readDer,
  readObjectIdentifier,
  readOrFault,
  tags,
} from '../x509/der.ts'
import { oids } from '../x509/object-identifiers.ts'

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
const maxText = 2048

export function readCertificateIdentity(der: Uint8Array): IdentityReading {
  const parsed = parseCertificate(der)
  return parsed.kind === 'refused'
    ? refused(`the certificate cannot be read: it ${parsed.reason}`)
    : identityOf(parsed.certificate.extensions)
}

export type SigningCertificateReading =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'refused'; readonly detail: string }

/** A certificate that was issued to sign with. */
export function readSigningCertificate(der: Uint8Array): SigningCertificateReading {
  const parsed = parseCertificate(der)
  if (parsed.kind === 'refused')
    return refused(`the certificate cannot be read: it ${parsed.reason}`)
  const { basicConstraints, extendedKeyUsage } = parsed.certificate
  if (basicConstraints?.isAuthority === true)
    return refused('the certificate is that of an authority, not of a signer')
  return extendedKeyUsage?.includes(oids.codeSigning) === true
    ? parsed
    : refused('the certificate is not for signing code: its extended key usage lacks codeSigning')
}

function refused(detail: string): { readonly kind: 'refused'; readonly detail: string } {
  return { kind: 'refused', detail }
}

function identityOf(extensions: Certificate['extensions']): IdentityReading {
  const subject = readSubject(extensions.get(oids.subjectAltName)?.value)
  if (typeof subject !== 'string') return subject
  const issuer = readIssuer(extensions)
  if (typeof issuer !== 'string') return issuer
  const claims: Record<string, string> = {}
  for (const [name, number] of Object.entries(claimNumbers)) {
    const value = readUtf8String(extensions.get(`${fulcioArc}${number}`)?.value)
    if (value === false) return refused(`the certificate's ${name} is no DER UTF8String`)
    if (value !== undefined) claims[name] = value
  }
  return { kind: 'identity', identity: { subject, issuer, claims } }
}

function readIssuer(extensions: Certificate['extensions']): string | IdentityReading {
  const first = readRaw(extensions.get(`${fulcioArc}1`)?.value)
  const second = readUtf8String(extensions.get(`${fulcioArc}8`)?.value)
  if (first === false || second === false)
    return refused('the certificate names its issuer in a form that its number does not have')
  if (first !== undefined && second !== undefined && first !== second)
    return refused(
      `the certificate names two issuers: ${JSON.stringify(first)} and ${JSON.stringify(second)}`,
    )
  return second ?? first ?? refused('the certificate does not say who vouched for it')
}

/** One DER UTF8String that fills the value; false for anything else. */
function readUtf8String(value: Uint8Array | undefined): string | false | undefined {
  if (value === undefined) return undefined
  const content = contentOf(value, tags.utf8String)
  return content !== undefined && readRaw(content)
}

function readRaw(bytes: Uint8Array | undefined): string | false | undefined {
  if (bytes === undefined) return undefined
  const text = decodeText(bytes)
  return text !== undefined && text !== '' && text
}

/** Printable, and without spaces at either end: these texts are compared and shown. */
function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.byteLength > maxText) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text) || text !== text.trim() ? undefined : text
  } catch {
    return undefined
  }
}

/** Of the one DER element of this kind that fills `bytes`. */
function contentOf(bytes: Uint8Array, tag: number): Uint8Array | undefined {
  const read = readOrFault(() => expectTag(readDer(bytes), tag).content)
  return read.kind === 'read' ? read.value : undefined
}

const mailName = contextTag(1, 'primitive')
const addressName = contextTag(6, 'primitive')

/** The one alternative name: an address, a mail address, or Fulcio's name of a user. */
function readSubject(value: Uint8Array | undefined): string | IdentityReading {
  const names = value === undefined ? undefined : contentOf(value, tags.sequence)
  if (names === undefined) return refused('the certificate has no subject alternative name')
  const text =
    textOf(contentOf(names, addressName)) ??
    textOf(contentOf(names, mailName)) ??
    textOf(otherNameOf(names))
  return (
    text ??
    refused(
      'the certificate has not exactly one subject alternative name that is an address, a mail address or a user',
    )
  )
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  const text = bytes === undefined ? undefined : decodeText(bytes)
  return text === undefined || text === '' || /\s/.test(text) ? undefined : text
}

/** `SEQUENCE { OID 1.3.6.1.4.1.57264.1.7, [0] UTF8String }` with an implicit outer tag. */
function otherNameOf(names: Uint8Array): Uint8Array | undefined {
  const holder = contextTag(0, 'constructed')
  const read = readOrFault(() => {
    const fields = new DerFields(readDer(names), holder)
    const type = readObjectIdentifier(fields.next())
    const value = expectTag(readDer(fields.next(holder).content), tags.utf8String).content
    fields.end()
    return type === `${fulcioArc}7` ? value : undefined
  })
  return read.kind === 'read' ? read.value : undefined
}
