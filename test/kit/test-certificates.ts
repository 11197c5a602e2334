// Certificates of authorities and signers that last as long as a test, with whatever extensions it wants.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import {
  bits,
  boolean,
  certificateTime,
  integer,
  octets,
  oid,
  sequence,
  set,
  tagged,
  element,
  implicit,
  utf8,
  type Der,
} from './der.ts'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** SubjectPublicKeyInfo. */
  readonly spki: Buffer
}

export function newKeyPair(namedCurve = 'P-256'): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return { privateKey, publicKey, spki: publicKey.export({ type: 'spki', format: 'der' }) }
}

export interface TestCertificate extends KeyPair {
  readonly der: Buffer
  readonly name: Der
}

export interface CertificateSpec {
  readonly commonName?: string
  readonly issuer?: TestCertificate
  readonly keys?: KeyPair
  readonly notBefore: number
  readonly notAfter: number
  readonly extensions: readonly Der[]
}

const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'))

export function nameOf(commonName: string | undefined): Der {
  if (commonName === undefined) return sequence()
  const part = (type: string, text: string): Der => set(sequence(oid(type), utf8(text)))
  return sequence(part('2.5.4.10', 'sigstore.test'), part('2.5.4.3', commonName))
}

export function extension(id: string, value: Uint8Array, critical = false): Der {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value))
}

const keyId = ({ spki }: KeyPair): Buffer => createHash('sha1').update(spki).digest()

let serial = 0x10_00_00_01

/** Without the signature: what certificate logs sign, too. */
export function toBeSigned(
  spec: CertificateSpec & { readonly keys: KeyPair },
  number: number,
): Der {
  const name = nameOf(spec.commonName)
  const issuerKeys = spec.issuer ?? spec.keys
  return sequence(
    tagged(0, integer(2)),
    integer(number),
    ecdsaSha256,
    spec.issuer?.name ?? name,
    sequence(certificateTime(spec.notBefore), certificateTime(spec.notAfter)),
    name,
    spec.keys.spki,
    tagged(
      3,
      sequence(
        extension('2.5.29.14', octets(keyId(spec.keys))),
        extension('2.5.29.35', sequence(implicit(0, keyId(issuerKeys)))),
        ...spec.extensions,
      ),
    ),
  )
}

/** `complete`: what is put in after a certificate log has seen the rest. */
export function issueCertificate(
  spec: CertificateSpec,
  complete: (tbs: Der) => readonly Der[] = () => [],
): TestCertificate {
  const keys = spec.keys ?? newKeyPair()
  serial += 1
  const first = toBeSigned({ ...spec, keys }, serial)
  const extensions = [...spec.extensions, ...complete(first)]
  const tbs = toBeSigned({ ...spec, keys, extensions }, serial)
  const signature = sign('sha256', tbs, (spec.issuer ?? keys).privateKey)
  const der = sequence(tbs, ecdsaSha256, bits(signature))
  return { ...keys, der, name: nameOf(spec.commonName) }
}

export const extensions = {
  authority: [
    extension('2.5.29.19', sequence(boolean(true)), true),
    extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true),
  ],
  digitalSignature: extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
  codeSigning: extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3'))),
  serverAuth: extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
  timeStamping: extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.8')), true),
}

export type SubjectName =
  { readonly address: string } | { readonly mail: string } | { readonly user: string }

export function subjectNames(...names: readonly SubjectName[]): Der {
  const general = names.map((name) => {
    if ('address' in name) return implicit(6, Buffer.from(name.address))
    if ('mail' in name) return implicit(1, Buffer.from(name.mail))
    return element(0xa0, oid('1.3.6.1.4.1.57264.1.7'), tagged(0, utf8(name.user)))
  })
  return extension('2.5.29.17', sequence(...general), true)
}

export function fulcioRaw(number: number, text: string): Der {
  return extension(`1.3.6.1.4.1.57264.1.${number}`, Buffer.from(text))
}

export function fulcioText(number: number, text: string): Der {
  return extension(`1.3.6.1.4.1.57264.1.${number}`, utf8(text))
}
