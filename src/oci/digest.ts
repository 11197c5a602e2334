// Purpose:  parse and compute content digests.
// Spec:     OCI image-spec, descriptor.md "Digests"; registered algorithms sha256 and sha512.
// Input:    text from a URL, a header or a manifest; may be hostile.
// Deviates: blake3 (image-spec main) is refused as unsupported, since no client sends it and Node has no implementation.
// Unknowns: an unregistered algorithm, upper-case hex or a wrong length → undefined, never a digest.
import { createHash, type Hash } from 'node:crypto'

declare const brand: unique symbol
export type Digest = string & { readonly [brand]: 'Digest' }
export type DigestAlgorithm = 'sha256' | 'sha512'

const grammar = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** `algorithm:hex`, lower case and of the right length, or undefined. */
export function parseDigest(text: string): Digest | undefined {
  return grammar.test(text) ? (text as Digest) : undefined
}

export function parseDigestAlgorithm(text: string): DigestAlgorithm | undefined {
  return text === 'sha256' || text === 'sha512' ? text : undefined
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** The digest of bytes at hand. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return digestFromHash(algorithm, createHash(algorithm).update(bytes))
}

/** Finishes a running hash of `algorithm` and names its digest. */
export function digestFromHash(algorithm: DigestAlgorithm, hash: Hash): Digest {
  return `${algorithm}:${hash.digest('hex')}` as Digest
}
