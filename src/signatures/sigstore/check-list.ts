// The checks of one verification in the order in which they are made, and the verdict of the one that failed.
import {
  shownDetail,
  type SignatureCheck,
  type SignatureReason,
  type SignatureResult,
  type SignatureVerdict,
} from '../outcome.ts'

export interface Failure {
  readonly result: Exclude<SignatureResult, 'verified'>
  readonly reason: SignatureReason
  readonly detail: string
}

/** Who signed and when, as far as it is known. */
export type SignerFacts = Pick<
  SignatureVerdict,
  'identity' | 'keyId' | 'signedAt' | 'signedAtSource' | 'validUntil' | 'endsAt'
>

export function passed(check: string, detail: string): SignatureCheck {
  return { check, outcome: 'pass', action: 'enforce', detail: shownDetail(detail) }
}

/** Of what the trust policy does not ask for. */
export function skipped(check: string, detail: string): SignatureCheck {
  return { check, outcome: 'skip', action: 'skip', detail: shownDetail(detail) }
}

/** Nothing is checked after a failure. */
export function failedVerdict(
  checks: readonly SignatureCheck[],
  check: string,
  { result, reason, detail }: Failure,
  facts: SignerFacts = {},
): SignatureVerdict {
  const outcome = result === 'unknown' ? 'unknown' : 'fail'
  const told = shownDetail(detail)
  const failed: SignatureCheck = { check, outcome, action: 'enforce', reason, detail: told }
  return { result, reason, checks: [...checks, failed], ...facts }
}

export function verifiedVerdict(
  checks: readonly SignatureCheck[],
  facts: SignerFacts,
): SignatureVerdict {
  return { result: 'verified', checks, ...facts }
}
