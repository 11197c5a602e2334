// A thing beside an image that may be a signature of it, as bytes; and the same, read.
import type { TransparencyLogEntry } from '@sigstore/bundle'

/** Bytes of one layer, with the annotations that its manifest gives the layer. */
export interface SigstoreCandidate {
  readonly format: 'cosign-bundle' | 'cosign-simple' | 'cosign-dsse'
  readonly content: Uint8Array
  readonly annotations?: Readonly<Record<string, string>>
}

/** One signature with all that is to prove when and by whom it was made. Nothing of it is verified. */
export interface UnverifiedSignature {
  readonly format: SigstoreCandidate['format']
  /** What was signed: the payload itself, or DSSE's encoding of it. */
  readonly signed: Buffer
  /** The only copy of what it says: parsed when its signature has been verified, and never from elsewhere. */
  readonly payload: Buffer
  /** Of an envelope. */
  readonly payloadType?: string
  readonly signature: Buffer
  /** What a time stamp is about: the signature, or the whole envelope as cosign 2 had it. */
  readonly stamped: Buffer
  readonly signer: SignerMaterial
  readonly logEntries: readonly TransparencyLogEntry[]
  /** RFC 3161 responses. */
  readonly timestamps: readonly Buffer[]
}

export type SignerMaterial =
  | { readonly kind: 'key'; readonly hint: string }
  | { readonly kind: 'certificate'; readonly der: Buffer }

export type CandidateReading =
  | { readonly kind: 'read'; readonly signature: UnverifiedSignature }
  | {
      readonly kind: 'refused'
      readonly reason: 'malformed' | 'limit'
      readonly detail: string
    }

export function malformed(detail: string): CandidateReading {
  return { kind: 'refused', reason: 'malformed', detail }
}

export function beyondLimit(detail: string): CandidateReading {
  return { kind: 'refused', reason: 'limit', detail }
}

/** Bytes, but for counts. What honest clients write is smaller by far; a bundle's is Kyverno's limit too. */
export const limits = {
  content: 10 * 1024 * 1024,
  signature: 2048,
  certificate: 16 * 1024,
  timestamp: 64 * 1024,
  annotation: 256 * 1024,
  logEntryBody: 1024 * 1024,
  hint: 1024,
  certificates: 10,
  logEntries: 8,
  timestamps: 8,
  proofHashes: 64,
} as const
