// Purpose:  does a signed statement satisfy a rule of a trust policy?
// Spec:     signing reference 4.3 and 5.1; cosign's short names for predicate types.
// Input:    a rule, and a verdict with the statement that was signed.
// Deviates: nothing.
// Unknowns: a builder or source that the statement does not name matches no pattern.
import type { SignatureReason, SignatureResult } from '../../signatures/outcome.ts'
import { matchesIdentity } from '../../signatures/sigstore/identity-pattern.ts'
import { matchesPredicateType } from '../../signatures/sigstore/predicate-types.ts'
import type { AttestationRule } from './trust-policy.ts'
import type { CandidateVerdict, SignedStatement } from './verifier.ts'

export interface AttestationVerdict {
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
}

/** Undefined where the rule is not about the statement, or its signer not one whom the rule asks. */
export function judgeAttestation(
  rule: AttestationRule,
  entry: string,
  verdict: CandidateVerdict,
): AttestationVerdict | undefined {
  const { statement } = verdict
  if (statement === undefined || !rule.accept.includes(entry)) return undefined
  if (!matchesPredicateType(rule.type, statement.predicateType)) return undefined
  const isAsked =
    matches(rule.builder, statement, 'builder') && matches(rule.source, statement, 'source')
  if (verdict.result === 'verified' && !isAsked)
    return { result: 'untrusted', reason: 'identity-mismatch' }
  return { result: verdict.result, reason: verdict.reason }
}

function matches(
  pattern: string | undefined,
  { extracted }: SignedStatement,
  member: 'builder' | 'source',
): boolean {
  const found = extracted[member]
  return pattern === undefined || (found !== undefined && matchesIdentity(pattern, found))
}
