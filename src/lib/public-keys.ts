// Purpose:  read the public keys whose signatures count, and verify a signature with one.
// Spec:     PEM (RFC 7468) of SubjectPublicKeyInfo; what cosign and sigstore sign with: ECDSA (DER), Ed25519, RSA.
// Input:    the text of a key file, given by who runs the server; signatures are hostile.
// Deviates: P-384 is taken with SHA-384 and with SHA-256, which older cosign uses for every key; RSA with PKCS #1 v1.5 and PSS.
// Unknowns: another kind of key, a weak one, a private one → the reason, never fewer keys than the file has.
import { constants, createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'

export interface TrustedKey {
  readonly key: KeyObject
  /** SHA-256 of the key as SubjectPublicKeyInfo, in hex: by it a person finds the key again. */
  readonly fingerprint: string
}

export type KeyFile =
  | { readonly kind: 'keys'; readonly keys: readonly TrustedKey[] }
  | { readonly kind: 'refused'; readonly reason: string }

const maxKeys = 100
const block = /-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]{1,10000}-----END \1-----/g
const leastRsaBits = 2048

export function parsePublicKeys(pem: string): KeyFile {
  const blocks = [...pem.matchAll(block)]
  if (blocks.length === 0) return refused('holds no public key in PEM form')
  if (blocks.length > maxKeys) return refused(`holds more than ${maxKeys} keys`)
  if (pem.split('-----BEGIN ').length - 1 !== blocks.length)
    return refused('holds a block that cannot be read: each is one whole key in PEM form')
  const keys: TrustedKey[] = []
  for (const [index, [text, label = '']] of blocks.entries()) {
    const read = parseKey(text, label)
    if (typeof read === 'string') return refused(`key ${index + 1} ${read}`)
    keys.push(read)
  }
  return { kind: 'keys', keys }
}

function refused(reason: string): KeyFile {
  return { kind: 'refused', reason }
}

function parseKey(text: string, label: string): TrustedKey | string {
  if (label !== 'PUBLIC KEY') return `is a ${label}; only a PUBLIC KEY can be trusted`
  let key: KeyObject
  try {
    key = createPublicKey(text)
  } catch {
    return 'cannot be read'
  }
  const fault = faultOf(key)
  if (fault !== undefined) return fault
  const der = key.export({ type: 'spki', format: 'der' })
  return { key, fingerprint: createHash('sha256').update(der).digest('hex') }
}

function faultOf({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): string | undefined {
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails ?? {}
  if (type === 'ed25519') return undefined
  if (type === 'ec') {
    const isKnown = namedCurve === 'prime256v1' || namedCurve === 'secp384r1'
    return isKnown
      ? undefined
      : `is of the curve ${namedCurve ?? 'unknown'}; P-256 and P-384 are taken`
  }
  if (type !== 'rsa') return `is of the kind ${type ?? 'unknown'}; ECDSA, Ed25519 and RSA are taken`
  return modulusLength >= leastRsaBits
    ? undefined
    : `is an RSA key of ${modulusLength} bits; at least ${leastRsaBits} are taken`
}

export function verifies({ key }: TrustedKey, data: Uint8Array, signature: Uint8Array): boolean {
  const { asymmetricKeyType: type } = key
  // Data may be mebibytes, and is hashed for each look.
  if (!canBeOf(key, signature)) return false
  if (type === 'ed25519') return verify(null, data, key, signature)
  if (type === 'ec') return hashesOf(key).some((hash) => verify(hash, data, key, signature))
  return [constants.RSA_PKCS1_PADDING, constants.RSA_PKCS1_PSS_PADDING].some((padding) =>
    verify('sha256', data, { key, padding }, signature),
  )
}

/** By its length: of an ECDSA signature in DER at most, of others exactly. */
function canBeOf(
  { asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject,
  { byteLength }: Uint8Array,
): boolean {
  if (type === 'ed25519') return byteLength === 64
  if (type === 'ec') return byteLength >= 8 && byteLength <= mostEcdsaBytes
  return byteLength === Math.ceil((details?.modulusLength ?? 0) / 8)
}

/** Of P-521: two INTEGERs of 66 bytes. */
const mostEcdsaBytes = 139

function hashesOf(key: KeyObject): readonly string[] {
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? ['sha384', 'sha256'] : ['sha256']
}
