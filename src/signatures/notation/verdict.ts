// How the checks of one signature become its verdict.
import {
  shownDetail,
  type SignatureCheck,
  type SignatureReason,
  type SignatureResult,
  type SignatureVerdict,
} from '../outcome.ts'
import type { CheckAction } from './verification-level.ts'

/** A verdict under the trust policy's level, with the one that a level enforcing everything would have given beside it. */
export interface NotationVerdict extends SignatureVerdict {
  readonly strict: { readonly result: SignatureResult; readonly reason?: SignatureReason }
  /** What the signer wrote beside the image, signed; set only where the signature itself is sound. */
  readonly annotations?: Readonly<Record<string, string>>
}

/** What a check found: passed, or which result it asks for. */
export interface Finding {
  readonly check: string
  readonly action: CheckAction
  readonly detail: string
  /** Undefined for a check that passed, or that was not made. */
  readonly failure?: { readonly result: SignatureResult; readonly reason: SignatureReason }
  readonly isSkipped?: boolean
}

export type Found = Pick<Finding, 'detail' | 'failure' | 'isSkipped'>

export function renderCheck({
  check,
  action,
  detail: whole,
  failure,
  isSkipped,
}: Finding): SignatureCheck {
  const detail = shownDetail(whole)
  if (failure === undefined)
    return { check, outcome: isSkipped === true ? 'skip' : 'pass', action, detail }
  const outcome = failure.result === 'unknown' ? 'unknown' : 'fail'
  return { check, outcome, action, reason: failure.reason, detail }
}

/**
 * Of several failures the first in the order of the specification counts, with two exceptions: revoked is worse than
 * everything but a signature that is wrong, and what could not be found out gives way to what was.
 */
export function worstOf(
  findings: readonly Finding[],
): { readonly result: SignatureResult; readonly reason: SignatureReason } | undefined {
  const failures = findings.flatMap(({ failure }) => (failure === undefined ? [] : [failure]))
  return (
    failures.find(({ result }) => result === 'invalid') ??
    failures.find(({ result }) => result === 'revoked') ??
    failures.find(({ result }) => result !== 'unknown') ??
    failures[0]
  )
}
