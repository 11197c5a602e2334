// The words in which every verifier answers: one verdict for each signature, whatever made it (decisions/0023, signing reference 5.2 and 5.4).

/** What is said of one signature, or of all signatures of one digest. Only 'verified' ever passes a requirement. */
export type SignatureResult =
  'verified' | 'untrusted' | 'invalid' | 'expired' | 'revoked' | 'none' | 'unknown'

/** Why it is not 'verified': a closed list, so that callers match on it and people look it up. */
export type SignatureReason =
  | 'no-trust-policy'
  | 'identity-mismatch'
  | 'chain-not-in-store'
  | 'threshold-not-met'
  | 'level-audit'
  | 'bad-signature'
  | 'subject-mismatch'
  | 'unknown-critical'
  | 'alg-mismatch'
  | 'certificate-rule'
  | 'malformed'
  | 'signature-expired'
  | 'certificate-expired'
  | 'not-yet-valid'
  | 'revoked'
  | 'unsigned'
  | 'pending'
  | 'stale'
  | 'recomputing'
  | 'revocation-unavailable'
  | 'timestamp'
  | 'transparency'
  | 'plugin-required'
  | 'too-many-signatures'
  | 'blob-missing'
  | 'root-missing'
  | 'limit'
  | 'time-limit'
  | 'verifier-died'

/** One check of a verification: what came out, and what the trust policy's level makes of it. */
export interface SignatureCheck {
  readonly check: string
  readonly outcome: 'pass' | 'fail' | 'skip' | 'unknown'
  readonly action: 'enforce' | 'log' | 'skip'
  readonly reason?: SignatureReason
  /** A sentence: what was found, and what was expected. By `shownDetail`. */
  readonly detail: string
}

const maxDetailLength = 1000

/** Verdicts are kept and shown: what a stranger wrote into a signature makes no sentence longer than this. */
export function shownDetail(detail: string): string {
  return detail.length > maxDetailLength ? `${detail.slice(0, maxDetailLength)}…` : detail
}

/** The judgement of one signature under one way to be trusted. Times are milliseconds since the epoch. */
export interface SignatureVerdict {
  readonly result: SignatureResult
  readonly reason?: SignatureReason
  /** In the order of the specification, each that was made. */
  readonly checks: readonly SignatureCheck[]
  /** Who signed, as the certificate or the key says it; set only where the signature itself is sound. */
  readonly identity?: string
  readonly keyId?: string
  readonly signedAt?: number
  readonly signedAtSource?: 'claim' | 'authority' | 'timestamp' | 'transparency-log'
  /** From when on the verdict must be made again: certificates, expiry, revocation data. */
  readonly validUntil?: number
  /** From when on the signature itself counts no more, whoever judges it: its own end, or its certificate's or key's where no proven time stands for it. */
  readonly endsAt?: number
}
