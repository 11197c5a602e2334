// What both forms of a signature envelope hold (Notary Project signature-specification.md, signature envelope).
import type { Refusal, SignedAttributes } from './attributes.ts'

/** What an envelope says; nothing of it is verified. */
export interface SignatureEnvelope {
  readonly format: 'jws' | 'cose'
  /** As JOSE names it, also for COSE. */
  readonly algorithm: string
  readonly contentType: string
  /** Exactly the bytes that were signed as payload. */
  readonly payload: Uint8Array
  readonly attributes: SignedAttributes
  /** What the signature is over. */
  readonly signedBytes: Uint8Array
  readonly signature: Uint8Array
  /** DER, leaf first; not signed, and held to the signature by the leaf's key alone. */
  readonly chain: readonly Uint8Array[]
  /** A TimeStampToken over `signature`; not signed. */
  readonly timestamp?: Uint8Array
  /** What made it, as it says; not signed, and never trusted. */
  readonly signingAgent?: string
}

export type EnvelopeResult =
  { readonly kind: 'envelope'; readonly envelope: SignatureEnvelope } | Refusal
