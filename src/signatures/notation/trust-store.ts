// Purpose:  the certificates of a trust store, out of the bytes of its files.
// Spec:     Notary Project trust-store-trust-policy.md, trust store; RFC 7468 (PEM).
// Input:    files of an administrator: PEM with any number of certificates, or DER.
// Deviates: nothing.
// Unknowns: a file that holds no certificate, or a block that is none, and a store of none → refused.
import { isSame, parseCertificate, type Certificate } from '../x509/certificate.ts'
import { isSelfSigned, shownName } from '../x509/chain-rules.ts'
import type { StoreReference, StoreType } from './trust-policy.ts'

/** Under `type:name`. A store that is missing here is missing. */
export type TrustStores = ReadonlyMap<string, readonly Certificate[]>

export function storeKey({ type, name }: StoreReference): string {
  return `${type}:${name}`
}

export type TrustStoreResult =
  | { readonly kind: 'store'; readonly certificates: readonly Certificate[] }
  | { readonly kind: 'refused'; readonly reason: string }

const maxStoreCertificates = 1000
/** Of all its files. */
const maxStoreBytes = 4 * 1024 * 1024

/** `files` by name. Certificates of a timestamp store must be roots; others may be pinned intermediates or leaves. */
export function readTrustStore(
  type: StoreType,
  files: ReadonlyMap<string, Uint8Array>,
): TrustStoreResult {
  const size = [...files.values()].reduce((sum, { length }) => sum + length, 0)
  if (size > maxStoreBytes) return refused(`there are more than ${maxStoreBytes} bytes in it`)
  const certificates: Certificate[] = []
  for (const [name, bytes] of files) {
    const found = certificatesOf(bytes)
    if (typeof found === 'string') return refused(`${JSON.stringify(name)} ${found}`)
    for (const certificate of found) {
      const fault = faultOfAnchor(type, certificate)
      if (fault !== undefined) return refused(`${JSON.stringify(name)}: ${fault}`)
      if (!certificates.some(({ der }) => isSame(der, certificate.der)))
        certificates.push(certificate)
    }
  }
  if (certificates.length === 0) return refused('there is no certificate in it')
  return certificates.length > maxStoreCertificates
    ? refused(`there are more than ${maxStoreCertificates} certificates in it`)
    : { kind: 'store', certificates }
}

/** Notation's rule: an authority, or a certificate that signed itself. */
function faultOfAnchor(type: StoreType, certificate: Certificate): string | undefined {
  const isRoot = isSelfSigned(certificate)
  if (type === 'tsa' && !isRoot)
    return `${shownName(certificate)} is not self-signed: a store for timestamps holds roots`
  return isRoot || certificate.basicConstraints?.isAuthority === true
    ? undefined
    : `${shownName(certificate)} is neither an authority nor self-signed`
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g

function certificatesOf(bytes: Uint8Array): readonly Certificate[] | string {
  const text = Buffer.from(bytes).toString('latin1')
  const blocks = [...text.matchAll(pemBlock)]
  const ders =
    blocks.length === 0
      ? [bytes]
      : blocks.flatMap(([, label, body = '']) =>
          label === 'CERTIFICATE' ? [Buffer.from(body, 'base64')] : [],
        )
  if (blocks.length > ders.length) return 'holds something that is no certificate'
  if (blocks.length > 0 && text.split('-----BEGIN ').length - 1 !== blocks.length)
    return 'holds a block that cannot be read'
  const certificates: Certificate[] = []
  for (const der of ders) {
    const parsed = parseCertificate(der)
    if (parsed.kind === 'refused') return parsed.reason
    certificates.push(parsed.certificate)
  }
  return certificates
}

function refused(reason: string): TrustStoreResult {
  return { kind: 'refused', reason }
}
