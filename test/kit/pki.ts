// Certificates of the test's own, good and bad ones, under a fixed clock.
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { parseCertificate, type Certificate } from '../../src/signatures/x509/certificate.ts'
import {
  basicConstraintsExtension,
  encodeName,
  extendedKeyUsageExtension,
  issueCertificate,
  keyIdentifierExtensions,
  keyUsageExtension,
  type SubjectName,
} from '../../src/signatures/x509/issue-certificate.ts'
import { oids } from '../../src/signatures/x509/object-identifiers.ts'

/** When everything happens, unless a test says otherwise. */
export const pkiNow = Date.UTC(2026, 5, 1, 12)
export const day = 86_400_000

export type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'RSA-2048' | 'RSA-3072'

const madeKeys = new Map<string, KeyObject>()

/** The same key for the same name within one process: making them takes most of a test's time. */
export function keyOf(kind: KeyKind, name = 'key'): KeyObject {
  const known = madeKeys.get(`${kind} ${name}`)
  if (known !== undefined) return known
  const { privateKey } = kind.startsWith('P-')
    ? generateKeyPairSync('ec', { namedCurve: kind })
    : generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) })
  madeKeys.set(`${kind} ${name}`, privateKey)
  return privateKey
}

export interface CertificateChoices {
  readonly name?: SubjectName
  /** In place of the encoded name. */
  readonly nameDer?: Uint8Array
  readonly key?: KeyObject
  readonly notBefore?: number
  readonly notAfter?: number
  /** In place of the usual ones. */
  readonly extensions?: readonly Uint8Array[]
  /** Beside the usual ones. */
  readonly more?: readonly Uint8Array[]
  readonly pathLength?: number
  readonly serial?: Uint8Array
}

export interface MadeCertificate {
  readonly der: Uint8Array
  readonly key: KeyObject
  readonly nameDer: Uint8Array
  readonly certificate: Certificate
}

export interface PkiChoices {
  /** How many certificates: 1 is a leaf that signed itself. */
  readonly chain?: number
  readonly purpose?: 'codeSigning' | 'timeStamping'
  readonly leaf?: CertificateChoices
  /** By place in the chain: the one above the leaf is 1. */
  readonly authorities?: Readonly<Record<number, CertificateChoices>>
  /** Part of the names and keys: two with different labels share nothing. */
  readonly label?: string
}

export interface Pki {
  /** Leaf first. */
  readonly made: readonly MadeCertificate[]
  readonly chain: readonly Uint8Array[]
  readonly leaf: MadeCertificate
  readonly root: MadeCertificate
}

export function pki(choices: PkiChoices = {}): Pki {
  const { chain: length = 3, purpose = 'codeSigning', label = 'acme' } = choices
  const made: MadeCertificate[] = []
  for (let place = length - 1; place >= 0; place -= 1) {
    const own = (place === 0 ? choices.leaf : choices.authorities?.[place]) ?? {}
    const above = made[0]
    made.unshift(makeCertificate(own, { place, purpose, label, ...(above && { above }) }))
  }
  const [leaf, root] = [made[0], made.at(-1)]
  assert.ok(leaf !== undefined && root !== undefined)
  return { made, chain: made.map(({ der }) => der), leaf, root }
}

interface Place {
  readonly place: number
  readonly purpose: 'codeSigning' | 'timeStamping'
  readonly label: string
  readonly above?: MadeCertificate
}

export function makeCertificate(choices: CertificateChoices, where: Place): MadeCertificate {
  const { place, label, above } = where
  const commonName = place === 0 ? 'release' : above === undefined ? 'root' : `authority ${place}`
  const name = choices.name ?? { country: 'DE', state: 'BE', organization: label, commonName }
  const key = choices.key ?? keyOf('P-256', `${label} ${place}`)
  const nameDer = choices.nameDer ?? encodeName(name)
  const issuer = above ?? { nameDer, key }
  const serial = choices.serial ?? Buffer.from(`0${place + 1}`.repeat(8), 'hex')
  const der = issueCertificate(
    {
      serial,
      subjectDer: nameDer,
      publicKey: key.type === 'public' ? key : createPublicKey(key),
      notBefore: choices.notBefore ?? pkiNow - 30 * day,
      notAfter: choices.notAfter ?? pkiNow + 300 * day,
      extensions: choices.extensions ?? [
        ...usualExtensions(choices, where),
        ...keyIdentifierExtensions(key, issuer.key),
        ...(choices.more ?? []),
      ],
    },
    issuer,
  )
  return { der, key, nameDer, certificate: certificateOf(der) }
}

function usualExtensions(
  { pathLength }: CertificateChoices,
  { place, purpose }: Place,
): readonly Uint8Array[] {
  if (place > 0)
    return [
      basicConstraintsExtension(true, pathLength),
      keyUsageExtension('keyCertSign', 'cRLSign'),
    ]
  return [
    basicConstraintsExtension(false),
    keyUsageExtension('digitalSignature'),
    extendedKeyUsageExtension([oids[purpose]], purpose === 'timeStamping'),
  ]
}

/** What the product's own reader makes of it. */
export function certificateOf(der: Uint8Array): Certificate {
  const read = parseCertificate(der)
  assert.ok(read.kind === 'certificate', JSON.stringify(read))
  return read.certificate
}

export function pemOf(...ders: readonly Uint8Array[]): string {
  const blocks = ders.map((der) => {
    const lines = Buffer.from(der)
      .toString('base64')
      .replaceAll(/.{64}(?=.)/g, '$&\n')
    return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
  })
  return blocks.join('')
}
