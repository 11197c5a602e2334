// Which verifier is for which entry of a trust policy.
import type { CandidateVerdict, VerifierInput } from './rules/verifier.ts'

/** What a verifier of another revision found is found anew after a start. */
export const engineRevision = '1'

export function verifySignature({ entry }: VerifierInput): CandidateVerdict {
  const detail = `signatures of ${entry.kind} cannot be judged by this version`
  return {
    result: 'unknown',
    reason: 'limit',
    checks: [{ check: 'verifier', outcome: 'unknown', action: 'enforce', reason: 'limit', detail }],
    isSignature: true,
  }
}
