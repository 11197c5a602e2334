// Purpose:  seal small secrets and tokens so that only this installation can read or make them.
// Spec:     NIST SP 800-38D (AES-256-GCM), RFC 5869 (HKDF) to part one master key by purpose.
// Input:    plain bytes to seal; sealed bytes from a database row or a client, then hostile.
// Deviates: nothing.
// Unknowns: bytes that were altered, cut, or sealed for another purpose, context or master key → undefined.
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'

/** Each purpose has a key of its own, so that a token of one kind is never accepted as another. */
export type SealPurpose =
  | 'access-key'
  | 'ecr-token'
  | 'paging'
  | 'download'
  | 'bearer'
  | 'session'
  | 'authorization-message'
  | 'key-check'
  | 'stored-key'
  | 'notification-secret'
  | 'signing-key'

/** What is sealed says which key it is sealed under; the id tells nothing of the key. */
export interface SealingKey {
  /** 8 bytes. */
  readonly id: Buffer
  readonly key: KeyObject
}

/**
 * The keys of one purpose. To be asked anew at each use, since a rotation of the master key changes them: things are sealed
 * under the first, and open under any.
 */
export interface SealKeys {
  inUse(): readonly [SealingKey, ...SealingKey[]]
}

const form = 1
const idBytes = 8
const nonceBytes = 12
const tagBytes = 16

/** The key of a purpose that belongs to one master key. */
export function deriveSealingKey(master: KeyObject | Uint8Array, purpose: SealPurpose): SealingKey {
  return { id: keyId(master), key: createSecretKey(expand(master, `pratique/${purpose}/1`, 32)) }
}

/** The same for one master key that never changes. */
export function deriveKey(master: KeyObject | Uint8Array, purpose: SealPurpose): SealKeys {
  const keys = [deriveSealingKey(master, purpose)] as const
  return { inUse: () => keys }
}

/** By which a master key is known: in what is sealed under it, and to people in hexadecimal. */
export function keyId(master: KeyObject | Uint8Array): Buffer {
  return expand(master, 'pratique/key-id/1', idBytes)
}

function expand(master: KeyObject | Uint8Array, label: string, size: number): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', label, size))
}

/**
 * form ‖ key id ‖ nonce ‖ ciphertext ‖ tag; all before the nonce is authenticated too. `nonce` is 12 random bytes, used once;
 * `context` must be given again to open.
 */
export function seal(
  keys: SealKeys,
  nonce: Uint8Array,
  plain: Uint8Array,
  context: string,
): Buffer {
  const [{ id, key }] = keys.inUse()
  const head = Buffer.concat([Buffer.of(form), id])
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(headed(head, context))
  return Buffer.concat([head, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

export function openSealed(
  keys: SealKeys,
  sealed: Uint8Array,
  context: string,
): Buffer | undefined {
  const named = namedKey(keys, sealed)
  if (named !== undefined) {
    const head = sealed.subarray(0, 1 + idBytes)
    return openBox(named.key, sealed.subarray(1 + idBytes), headed(head, context))
  }
  // The first form had no head, and began with random bytes: one in 2^72 is taken for a head.
  for (const { key } of keys.inUse()) {
    const opened = openBox(key, sealed, Buffer.from(context))
    if (opened !== undefined) return opened
  }
  return undefined
}

/** Whether it is of the form that names its key, and names one in use. */
export function namesKey(keys: SealKeys, sealed: Uint8Array): boolean {
  return namedKey(keys, sealed) !== undefined
}

function namedKey(keys: SealKeys, sealed: Uint8Array): SealingKey | undefined {
  return keys.inUse().find(({ id }) => isSealedUnder(sealed, id))
}

/** What takes as long to open as `size` sealed bytes do, and opens never. */
export function decoy(keys: SealKeys, size: number): Buffer {
  const [{ id }] = keys.inUse()
  return Buffer.concat([Buffer.of(form), id, Buffer.alloc(nonceBytes + size + tagBytes)])
}

/** The name of the key that `sealed` was sealed under just now, in hexadecimal. */
export function keyNameOf(sealed: Uint8Array): string {
  return Buffer.from(sealed.subarray(1, 1 + idBytes)).toString('hex')
}

function isSealedUnder(sealed: Uint8Array, id: Buffer): boolean {
  return sealed[0] === form && id.equals(sealed.subarray(1, 1 + idBytes))
}

function headed(head: Uint8Array, context: string): Buffer {
  return Buffer.concat([head, Buffer.from(context)])
}

function openBox(key: KeyObject, box: Uint8Array, authenticated: Buffer): Buffer | undefined {
  if (box.byteLength < nonceBytes + tagBytes) return undefined
  const end = box.byteLength - tagBytes
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, nonceBytes))
    decipher.setAAD(authenticated).setAuthTag(box.subarray(end))
    return Buffer.concat([decipher.update(box.subarray(nonceBytes, end)), decipher.final()])
  } catch {
    return undefined
  }
}
