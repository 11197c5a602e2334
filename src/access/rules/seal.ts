// Purpose:  seal small secrets and tokens so that only this installation can read or make them.
// Spec:     NIST SP 800-38D (AES-256-GCM), RFC 5869 (HKDF) to part one master key by purpose.
// Input:    plain bytes to seal; sealed bytes from a database row or a client, then hostile.
// Deviates: nothing.
// Unknowns: bytes that were altered, cut, or sealed for another purpose or context → undefined.
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

/** Each purpose has a key of its own, so that a token of one kind is never accepted as another. */
export type SealPurpose = 'access-key' | 'ecr-token' | 'paging' | 'download' | 'bearer' | 'audit'

const nonceBytes = 12
const tagBytes = 16

export function deriveKey(masterKey: Uint8Array, purpose: SealPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', `pratique/${purpose}/1`, 32))
}

/** nonce ‖ ciphertext ‖ tag. `nonce` is 12 random bytes, used once; `context` must be given again to open. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  plain: Uint8Array,
  context: string,
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

export function openSealed(
  key: Uint8Array,
  sealed: Uint8Array,
  context: string,
): Buffer | undefined {
  if (sealed.byteLength < nonceBytes + tagBytes) return undefined
  const end = sealed.byteLength - tagBytes
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes))
    decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(end))
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()])
  } catch {
    return undefined
  }
}
