// Purpose:  until when do the signatures of an image count?
// Spec:     our own (docs/posture.md); docs/trust.md has the words of results.
// Input:    what came out of each signature under each trust policy that is about the repository; times in milliseconds.
// Deviates: nothing.
// Unknowns: no result at all, or none that counts while one could not be verified.
import type { SignatureResult } from '../../signatures/outcome.ts'
import type { SignatureTerm, Told } from './evidence.ts'

export interface SignatureOutcome {
  readonly result: SignatureResult
  readonly endsAt: number | undefined
}

const noTrustPolicy = 'it has signatures, and no trust policy says whose count (pratique trust set)'

const openWords = 'its signatures are still to be verified, or could not be'

/** By the results under each trust policy that is about the repository: any of them will do. */
export function isTrustedBy(results: readonly SignatureResult[]): Told<boolean> {
  if (results.length === 0) return { kind: 'unknown', why: noTrustPolicy }
  if (results.includes('verified')) return { kind: 'told', value: true }
  return results.includes('unknown')
    ? { kind: 'unknown', why: openWords }
    : { kind: 'told', value: false }
}

/** What counts lasts as long as its last signature: one that is revoked beside one that is verified is not in use. */
export function signatureTerm(outcomes: readonly SignatureOutcome[]): Told<SignatureTerm> {
  if (outcomes.length === 0) return { kind: 'unknown', why: noTrustPolicy }
  const verified = outcomes.filter(({ result }) => result === 'verified')
  if (verified.length > 0) return { kind: 'told', value: lastEnd(verified) }
  if (outcomes.some(({ result }) => result === 'revoked'))
    return { kind: 'told', value: { kind: 'revoked' } }
  if (outcomes.some(({ result }) => result === 'unknown'))
    return { kind: 'unknown', why: openWords }
  const over = outcomes.filter(({ result }) => result === 'expired')
  if (over.length === 0) return { kind: 'told', value: { kind: 'none' } }
  const ends = over.flatMap(({ endsAt }) => endsAt ?? [])
  return {
    kind: 'told',
    value: { kind: 'ends', at: ends.length === 0 ? undefined : Math.max(...ends) },
  }
}

function lastEnd(verified: readonly SignatureOutcome[]): SignatureTerm {
  const ends = verified.flatMap(({ endsAt }) => endsAt ?? [])
  if (ends.length < verified.length) return { kind: 'lasts' }
  return { kind: 'ends', at: Math.max(...ends) }
}
