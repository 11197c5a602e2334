// What a decision says for itself: closed codes, so that callers match on them and people look them up.
import type { SignatureReason } from '../../signatures/outcome.ts'
import type { Justification } from './justification.ts'
import type { FindingFacts } from './evidence.ts'

/**
 * violation: something is known that a policy does not want. unknown: what a policy asks for cannot be told, which never passes unless
 * the policy says so. remark: told, and never a reason against the image.
 */
export type ReasonKind = 'violation' | 'unknown' | 'remark'

export const reasonCodes = {
  finding: 'violation',
  'finding-unclear': 'unknown',
  'in-grace': 'remark',
  'not-scanned': 'unknown',
  'scan-running': 'unknown',
  'scan-failed': 'unknown',
  'scan-unsupported': 'unknown',
  'scan-partial': 'unknown',
  'scan-stale': 'unknown',
  'no-platform': 'unknown',
  'data-stale': 'unknown',
  'data-age-unknown': 'unknown',
  'coverage-note': 'remark',
  'signature-required': 'violation',
  'signature-untrusted': 'violation',
  'signature-invalid': 'violation',
  'signature-expired': 'violation',
  'signature-revoked': 'violation',
  'signature-pending': 'unknown',
  'signature-unknown': 'unknown',
  'signature-check-failed': 'violation',
  'provenance-required': 'violation',
  'provenance-mismatch': 'violation',
  'provenance-unknown': 'unknown',
  'attestation-unsigned': 'violation',
  'attestation-untrusted': 'violation',
  'image-too-old': 'violation',
  'image-age-unknown': 'unknown',
  'image-age-by-push': 'remark',
  'tag-mutable': 'violation',
  'tag-mutability-unknown': 'unknown',
  'digest-required': 'violation',
  'other-registry': 'violation',
  'not-found': 'violation',
  'no-policy': 'remark',
  'policy-required': 'unknown',
  'exemption-expired': 'remark',
  'break-glass': 'remark',
  'break-glass-ended': 'remark',
} as const satisfies Readonly<Record<string, ReasonKind>>

export type ReasonCode = keyof typeof reasonCodes

export type Outcome = 'deny' | 'warn' | 'info'

export interface Remedy {
  readonly text: string
  /** To be typed as it is. */
  readonly command?: string
}

/** Who answers for it that a reason does not count, and until when. */
export interface ExemptedBy {
  readonly owner: string
  readonly reason: string
  readonly until: string
  /** OpenVEX's word for why a flaw does not matter, where one was given. */
  readonly justification?: Justification
}

export interface Reason {
  readonly code: ReasonCode
  readonly outcome: Outcome
  /** A sentence for a person. Names in it come from images: who shows it escapes it. */
  readonly message: string
  /** Name of the policy; absent for what no policy says. */
  readonly policy?: string
  /** Of the policy: the id of a rule, or the member that asks, such as `require.signature`. */
  readonly rule?: string
  /** Of an index: which of its platforms. */
  readonly platform?: string
  readonly finding?: FindingFacts
  /** Why a signature does not count, in the words of its verifier. */
  readonly because?: SignatureReason
  readonly remedy?: Remedy
  /** The first moment at which it may be another one by itself, in milliseconds. */
  readonly until?: number
  /** Present where an exemption made it `info`. */
  readonly exemptedBy?: ExemptedBy
}
