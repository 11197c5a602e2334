// Purpose:  which algorithm a signing key must be used with: the key decides, never what the envelope says.
// Spec:     Notary Project signature-specification.md, algorithm selection; RFC 7518, RFC 9053.
// Input:    the public key of a leaf certificate.
// Deviates: nothing.
// Unknowns: any other kind, size or curve → undefined.
import { constants, sign, verify, type KeyObject, type SignKeyObjectInput } from 'node:crypto'
import type { HashName } from './signature-algorithm.ts'

export interface KeyAlgorithm {
  readonly keySpec: 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'EC-256' | 'EC-384' | 'EC-521'
  readonly hash: HashName
  /** As JOSE names it. */
  readonly jws: 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512'
  /** As COSE numbers it. */
  readonly cose: number
}

const algorithms: ReadonlyMap<string, KeyAlgorithm> = new Map([
  ['rsa 2048', { keySpec: 'RSA-2048', hash: 'sha256', jws: 'PS256', cose: -37 }],
  ['rsa 3072', { keySpec: 'RSA-3072', hash: 'sha384', jws: 'PS384', cose: -38 }],
  ['rsa 4096', { keySpec: 'RSA-4096', hash: 'sha512', jws: 'PS512', cose: -39 }],
  ['ec prime256v1', { keySpec: 'EC-256', hash: 'sha256', jws: 'ES256', cose: -7 }],
  ['ec secp384r1', { keySpec: 'EC-384', hash: 'sha384', jws: 'ES384', cose: -35 }],
  ['ec secp521r1', { keySpec: 'EC-521', hash: 'sha512', jws: 'ES512', cose: -36 }],
])

export function algorithmOfKey(key: KeyObject | undefined): KeyAlgorithm | undefined {
  const details = key?.asymmetricKeyDetails
  const size = key?.asymmetricKeyType === 'rsa' ? details?.modulusLength : details?.namedCurve
  return algorithms.get(`${key?.asymmetricKeyType ?? ''} ${size ?? ''}`)
}

/** Whether `key` made `signature` over `bytes` with its algorithm, and in the form that both envelopes have. */
export function isSignedWith(
  { key, algorithm }: { readonly key: KeyObject; readonly algorithm: KeyAlgorithm },
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(algorithm.hash, bytes, optionsOf(key), signature)
  } catch {
    // OpenSSL throws for signatures that no such key can have made; they are not good.
    return false
  }
}

/** A signature in the form that both envelopes have, by a private key that is at hand. */
export function signWith(key: KeyObject, bytes: Uint8Array): Uint8Array {
  const algorithm = algorithmOfKey(key)
  if (algorithm === undefined) throw new Error('this key has no algorithm of the Notary Project')
  return sign(algorithm.hash, bytes, optionsOf(key))
}

/** PSS with a salt as long as the hash; ECDSA as r‖s, not as DER. */
function optionsOf(key: KeyObject): SignKeyObjectInput {
  return key.asymmetricKeyType === 'rsa'
    ? {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }
    : { key, dsaEncoding: 'ieee-p1363' }
}
