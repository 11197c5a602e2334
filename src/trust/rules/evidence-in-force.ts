// Purpose:  what a row of evidence is worth at this moment.
// Spec:     signing reference 5.2 and 5.3: exact expiry whoever is late, nothing passes on what is not known.
// Input:    the row with how many signers still support it, the policy's revision and floor, whether work on it waits.
// Deviates: nothing.
// Unknowns: a row past its time, older than what took trust away, or that has lost its support → unknown, never verified.
import type { SignatureReason, SignatureResult } from '../../signatures/outcome.ts'

export interface StoredEvidence {
  readonly digest: string
  readonly policyRevision: number
  readonly threshold: number
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly countByResult: Readonly<Partial<Record<SignatureResult, number>>>
  readonly identities: readonly string[]
  /** Milliseconds. */
  readonly validUntil: number | undefined
  readonly computedAt: number
  /** Distinct signers whose signatures are there and in time. */
  readonly supporters: number
}

export interface EvidenceInForce {
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly identities: readonly string[]
  readonly countByResult: Readonly<Partial<Record<SignatureResult, number>>>
  /** Milliseconds: until then the answer stays what it is, unless somebody changes something. */
  readonly validUntil: number | undefined
  readonly computedAt: number | undefined
  /** Whether the row is of an earlier revision of the policy, which took nothing away since. */
  readonly isRecomputing: boolean
}

export function evidenceInForce(
  stored: StoredEvidence,
  policy: { readonly revision: number; readonly floor: number },
  { now, isPending }: { readonly now: number; readonly isPending: boolean },
): EvidenceInForce {
  const { countByResult, computedAt, validUntil } = stored
  const isRecomputing = stored.policyRevision < policy.revision
  const common = { countByResult, computedAt, isRecomputing }
  const unknown = (reason: SignatureReason): EvidenceInForce => ({
    ...common,
    result: 'unknown',
    reason,
    identities: [],
    validUntil: undefined,
  })
  if (stored.policyRevision < policy.floor) return unknown('recomputing')
  if (validUntil !== undefined && validUntil <= now) return unknown('stale')
  if (stored.result === 'verified') {
    // A signature that was deleted takes its support with it, in the transaction that deletes it.
    if (stored.supporters < stored.threshold) return unknown('recomputing')
    return {
      ...common,
      result: 'verified',
      reason: undefined,
      identities: stored.identities,
      validUntil,
    }
  }
  // A new signature never withdraws trust: only what is not verified waits for it.
  if (isPending) return unknown('pending')
  const { result, reason } = stored
  return { ...common, result, reason, identities: [], validUntil }
}
