// What the verdicts of one digest come to under one policy, as it is written.
import type { JudgedCandidate } from './judge-candidates.ts'
import type { JudgedSubject } from './judge-subject.ts'
import type { WrittenEvidence } from './evidence-store.ts'
import type { LoadedPolicy } from './load-policies.ts'
import { aggregateEvidence, type FoundVerdict } from './rules/aggregate-evidence.ts'
import { judgeAttestation } from './rules/judge-attestation.ts'
import type { WrittenAttestation } from './signature-store.ts'

/** The evidence of all signatures; statements that are none count where the policy says so. */
export function weighSignatures(
  { judgement }: Pick<JudgedSubject, 'judgement'>,
  loaded: LoadedPolicy,
  engineRevision: string,
): WrittenEvidence {
  const { policy, revision } = loaded
  const own = judgement.judged.filter((one) => one.policy.policy.name === policy.name)
  const counting = own.filter(
    ({ verdict }) => verdict.isSignature || policy.acceptAttestationAsSignature,
  )
  const { supports, validUntil, ...evidence } = aggregateEvidence(
    counting.map(verdictOf),
    policy,
    judgement.left,
  )
  const { retryAt = Infinity } = judgement
  const end = evidence.result === 'verified' ? validUntil : earlier(validUntil, retryAt)
  const byKey = new Map(own.map(({ candidate }) => [candidate.key, candidate]))
  return {
    ...evidence,
    validUntil: end,
    policy: policy.name,
    policyRevision: revision,
    threshold: policy.threshold,
    engineRevision,
    supports: supports.flatMap(({ identity, key, validUntil: until }) => {
      const candidate = byKey.get(key)
      if (candidate === undefined) return []
      const { manifest: manifestDigest, viaTag } = candidate
      return [{ identity, candidateKey: key, manifestDigest, viaTag, validUntil: until }]
    }),
  }
}

function earlier(one: number | undefined, other: number): number | undefined {
  const end = Math.min(one ?? Infinity, other)
  return end === Infinity ? undefined : end
}

function verdictOf({ candidate, entry, verdict }: JudgedCandidate): FoundVerdict {
  const { result, reason, identity, keyId, validUntil } = verdict
  return { key: candidate.key, entry, result, reason, identity, keyId, validUntil }
}

/** Of each rule the statements that it is about; of one statement under several entries the best. */
export function weighAttestations(
  { judgement }: Pick<JudgedSubject, 'judgement'>,
  { policy, revision }: LoadedPolicy,
): readonly WrittenAttestation[] {
  const found = new Map<string, WrittenAttestation>()
  for (const rule of policy.attestations)
    for (const { candidate, entry, verdict, policy: of } of judgement.judged) {
      if (of.policy.name !== policy.name) continue
      const judged = judgeAttestation(rule, entry, verdict)
      if (judged === undefined || verdict.statement === undefined) continue
      const key = JSON.stringify([rule.id, candidate.key])
      if (found.get(key)?.result === 'verified') continue
      found.set(key, {
        policy: policy.name,
        ruleId: rule.id,
        candidateKey: candidate.key,
        policyRevision: revision,
        manifestDigest: candidate.manifest,
        viaTag: candidate.viaTag,
        ...verdict.statement,
        ...judged,
        identity: verdict.identity,
        validUntil: verdict.validUntil,
      })
    }
  return [...found.values()]
}
