// Purpose:  issue certificates: an authority of our own, its intermediates, and leaves that sign code or time.
// Spec:     RFC 5280 section 4; Notary Project signature-specification.md, certificate requirements; RFC 3161 section 2.3.
// Input:    keys, names, times and the bytes of serial numbers, all given: nothing is random and no clock is read here.
// Deviates: nothing.
// Unknowns: a key that no algorithm here signs with → an Error: it is a fault of the caller.
import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto'
import { keyUsages } from './certificate.ts'
import { contextTag, DerFields, readDer } from './der.ts'
import {
  bitString,
  boolean,
  element,
  integer,
  namedBits,
  nothing,
  objectIdentifier,
  octetString,
  printableString,
  sequence,
  setOf,
  time,
  utf8String,
} from './der-writer.ts'
import { oids } from './object-identifiers.ts'

/** Most general first, as in `C=DE, ST=Berlin, O=Acme, CN=release`. */
export interface SubjectName {
  readonly country: string
  readonly state: string
  readonly organization: string
  readonly organizationalUnit?: string
  readonly commonName?: string
}

/** Who signs: its name and key, and the identifier by which its certificates are found. */
export interface Issuer {
  readonly nameDer: Uint8Array
  readonly key: KeyObject
}

export interface CertificateTemplate {
  /** At least 8 random bytes; the first bit is not used (RFC 5280 section 4.1.2.2). */
  readonly serial: Uint8Array
  readonly subjectDer: Uint8Array
  readonly publicKey: KeyObject
  /** Milliseconds since the epoch; both ends are within. */
  readonly notBefore: number
  readonly notAfter: number
  /** Encoded extensions, as `extension` makes them. */
  readonly extensions: readonly Uint8Array[]
}

const attributeTypes = {
  country: '2.5.4.6',
  state: '2.5.4.8',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  commonName: '2.5.4.3',
} as const

/** The DER of a name. */
export function encodeName(name: SubjectName): Uint8Array {
  const relative = (
    ['country', 'state', 'organization', 'organizationalUnit', 'commonName'] as const
  )
    .map((member) => [member, name[member]] as const)
    .flatMap(([member, value]) => {
      if (value === undefined) return []
      const text = member === 'country' ? printableString(value) : utf8String(value)
      return [setOf(sequence(objectIdentifier(attributeTypes[member]), text))]
    })
  return sequence(...relative)
}

/** An X.509 certificate of version 3 in DER. */
export function issueCertificate(template: CertificateTemplate, issuer: Issuer): Uint8Array {
  const algorithm = algorithmIdentifierOf(issuer.key)
  const toBeSigned = sequence(
    element(contextTag(0, 'constructed'), integer(2)),
    integer(positive(template.serial)),
    algorithm.identifier,
    issuer.nameDer,
    sequence(time(template.notBefore), time(template.notAfter)),
    template.subjectDer,
    publicKeyDer(template.publicKey),
    element(contextTag(3, 'constructed'), sequence(...template.extensions)),
  )
  const signature = sign(algorithm.hash, toBeSigned, issuer.key)
  return sequence(toBeSigned, algorithm.identifier, bitString(signature))
}

function positive(serial: Uint8Array): Uint8Array {
  const copy = Buffer.from(serial)
  copy[0] = (copy[0] ?? 0) & 0x7f
  return copy
}

function publicKeyDer(key: KeyObject): Uint8Array {
  return (key.type === 'private' ? createPublicKey(key) : key).export({
    format: 'der',
    type: 'spki',
  })
}

/** With SHA-2 as strong as the key; of RSA in PKCS #1, which every client reads. */
export function algorithmIdentifierOf(key: KeyObject): {
  readonly identifier: Uint8Array
  readonly hash: string
} {
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (key.asymmetricKeyType === 'rsa')
    return {
      identifier: sequence(objectIdentifier(oids.sha256WithRsa), nothing),
      hash: 'sha256',
    }
  if (key.asymmetricKeyType !== 'ec') throw new Error('certificates are signed by RSA or EC keys')
  const [oid, hash] =
    curve === 'secp521r1'
      ? [oids.ecdsaWithSha512, 'sha512']
      : curve === 'secp384r1'
        ? [oids.ecdsaWithSha384, 'sha384']
        : [oids.ecdsaWithSha256, 'sha256']
  return { identifier: sequence(objectIdentifier(oid)), hash }
}

export function extension(oid: string, value: Uint8Array, isCritical = false): Uint8Array {
  const critical = isCritical ? [boolean(true)] : []
  return sequence(objectIdentifier(oid), ...critical, octetString(value))
}

/** RFC 5280 section 4.2.1.2, method 1. */
export function keyIdentifierOf(key: KeyObject): Uint8Array {
  const fields = new DerFields(readDer(publicKeyDer(key)))
  fields.next()
  return createHash('sha1').update(fields.next().content.subarray(1)).digest()
}

export function keyUsageExtension(...usages: readonly (keyof typeof keyUsages)[]): Uint8Array {
  return extension(oids.keyUsage, namedBits(usages.map((usage) => keyUsages[usage])), true)
}

export function basicConstraintsExtension(isAuthority: boolean, pathLength?: number): Uint8Array {
  const length = pathLength === undefined ? [] : [integer(pathLength)]
  const value = isAuthority ? sequence(boolean(true), ...length) : sequence()
  return extension(oids.basicConstraints, value, true)
}

export function extendedKeyUsageExtension(
  purposes: readonly string[],
  isCritical = false,
): Uint8Array {
  return extension(oids.extendedKeyUsage, sequence(...purposes.map(objectIdentifier)), isCritical)
}

export function keyIdentifierExtensions(
  subject: KeyObject,
  issuer: KeyObject,
): readonly Uint8Array[] {
  const authority = element(contextTag(0, 'primitive'), keyIdentifierOf(issuer))
  return [
    extension(oids.subjectKeyIdentifier, octetString(keyIdentifierOf(subject))),
    extension(oids.authorityKeyIdentifier, sequence(authority)),
  ]
}

/** Where the list of revoked certificates lies: `http:` addresses only, since no client fetches others. */
export function crlUrlExtension(url: string): Uint8Array {
  const name = element(contextTag(6, 'primitive'), Buffer.from(url, 'latin1'))
  const full = element(contextTag(0, 'constructed'), element(contextTag(0, 'constructed'), name))
  return extension(oids.crlDistributionPoints, sequence(sequence(full)))
}

export interface IssuedTimes {
  readonly serial: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
}

/** A self-signed root. */
export function issueRoot(name: SubjectName, key: KeyObject, times: IssuedTimes): Uint8Array {
  const nameDer = encodeName(name)
  const extensions = [
    basicConstraintsExtension(true),
    keyUsageExtension('keyCertSign', 'cRLSign'),
    ...keyIdentifierExtensions(key, key),
  ]
  return issueCertificate(
    { ...times, subjectDer: nameDer, publicKey: key, extensions },
    { nameDer, key },
  )
}

/** An authority below another one; `pathLength` is how many may be below it. */
export function issueIntermediate(
  subject: {
    readonly name: SubjectName
    readonly publicKey: KeyObject
    readonly pathLength: number
  },
  issuer: Issuer,
  times: IssuedTimes,
  more: readonly Uint8Array[] = [],
): Uint8Array {
  const extensions = [
    basicConstraintsExtension(true, subject.pathLength),
    keyUsageExtension('keyCertSign', 'cRLSign'),
    ...keyIdentifierExtensions(subject.publicKey, issuer.key),
    ...more,
  ]
  return issueCertificate(
    { ...times, subjectDer: encodeName(subject.name), publicKey: subject.publicKey, extensions },
    issuer,
  )
}

/** A certificate that signs code, or one that signs timestamps and nothing else. */
export function issueLeaf(
  subject: {
    readonly name: SubjectName
    readonly publicKey: KeyObject
    readonly purpose: 'codeSigning' | 'timeStamping'
  },
  issuer: Issuer,
  times: IssuedTimes,
  more: readonly Uint8Array[] = [],
): Uint8Array {
  const isForTime = subject.purpose === 'timeStamping'
  const extensions = [
    basicConstraintsExtension(false),
    keyUsageExtension('digitalSignature'),
    extendedKeyUsageExtension([oids[subject.purpose]], isForTime),
    ...keyIdentifierExtensions(subject.publicKey, issuer.key),
    ...more,
  ]
  return issueCertificate(
    { ...times, subjectDer: encodeName(subject.name), publicKey: subject.publicKey, extensions },
    issuer,
  )
}
