import { findManifestSummary } from '../registry/manifest-store.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import type { EvaluationDeps, JudgedSubject } from './judge-subject.ts'
import type { SubjectKey } from './evaluation-jobs.ts'
import {
  appendHistory,
  deleteEvidence,
  growSubjectVersion,
  listEvidenceRows,
  readSubjectVersion,
  recordTrustEvent,
  writeEvidence,
  type EvidenceRow,
  type WrittenEvidence,
} from './evidence-store.ts'
import type { JudgedCandidate } from './judge-candidates.ts'
import { insertResult, replaceAttestations, replaceSignatures } from './signature-store.ts'
import { findPolicyRow } from './trust-policy-store.ts'
import { weighAttestations, weighSignatures } from './weigh-judgement.ts'

/**
 * One transaction; false where somebody wrote the digest's evidence meanwhile, or a policy is not any more what was judged by:
 * then nothing is written, and it is computed anew.
 */
export async function writeJudgement(
  { database, clock, engineRevision }: EvaluationDeps,
  key: SubjectKey,
  judged: JudgedSubject & { readonly version: number },
): Promise<boolean> {
  return database.transaction(async (tx) => {
    if ((await readSubjectVersion(tx, key)) !== judged.version) return false
    if ((await findManifestSummary(tx, key.repositoryId, key.digest)) === undefined) return true
    for (const { policy, revision } of judged.policies) {
      const row = await findPolicyRow(tx, judged.repository.account, policy.name)
      if (row?.revision !== revision) return false
    }
    const now = clock.now()
    const before = await listEvidenceRows(tx, key)
    await growSubjectVersion(tx, key)
    await writeResults(tx, key, { ...judged, engineRevision }, now)
    for (const loaded of judged.policies) {
      const evidence = weighSignatures(judged, loaded, engineRevision)
      const policy = loaded.policy.name
      await writeEvidence(tx, key, evidence, now)
      const attestations = weighAttestations(judged, loaded)
      await replaceAttestations(tx, key, { policy, attestations }, now)
      const old = before.find((row) => row.policy === policy)
      await tellChange(tx, { key, judged, old, young: evidence }, now)
    }
    for (const old of before) {
      if (judged.policies.some(({ policy }) => policy.name === old.policy)) continue
      await deleteEvidence(tx, key, old.policy)
      const young = {
        ...old,
        result: 'untrusted',
        reason: 'no-trust-policy',
        identities: [],
      } as const
      await tellChange(tx, { key, judged, old, young: { ...young, validUntil: undefined } }, now)
    }
    return true
  })
}

async function writeResults(
  tx: SqlWriter,
  key: SubjectKey,
  {
    judgement,
    engineRevision,
  }: Pick<JudgedSubject, 'judgement'> & { readonly engineRevision: string },
  now: Date,
): Promise<void> {
  const candidates = new Map(judgement.judged.map(({ candidate }) => [candidate.key, candidate]))
  const signatures = [...candidates.values()].map((candidate) => ({
    candidateKey: candidate.key,
    manifestDigest: candidate.manifest,
    layerDigest: candidate.layer.digest,
    format: candidate.format,
    viaTag: candidate.viaTag,
    size: candidate.layer.size,
    pushedBy: candidate.pushedBy,
    seenAt: candidate.seenAt,
  }))
  const ids = await replaceSignatures(tx, key, signatures)
  for (const one of judgement.judged) {
    const id = ids.get(one.candidate.key)
    if (id !== undefined) await insertResult(tx, id, resultOf(one, engineRevision), now)
  }
}

function resultOf(
  { policy, entry, verdict }: JudgedCandidate,
  engineRevision: string,
): Parameters<typeof insertResult>[2] {
  const { result, reason, checks, identity, keyId, signedAt, signedAtSource } = verdict
  const { validUntil, endsAt } = verdict
  return {
    policy: policy.policy.name,
    policyRevision: policy.revision,
    entryId: entry,
    result,
    reason,
    checks,
    identity,
    keyId,
    signedAt,
    signedAtSource,
    validUntil,
    endsAt,
    engineRevision,
    rootHash: verdict.rootHash,
  }
}

/** In the history what differs from before; in the outbox what somebody may have to act on. */
async function tellChange(
  tx: SqlWriter,
  change: {
    readonly key: SubjectKey
    readonly judged: JudgedSubject
    readonly old: EvidenceRow | undefined
    readonly young: Pick<
      WrittenEvidence,
      'policy' | 'policyRevision' | 'result' | 'reason' | 'identities' | 'validUntil'
    >
  },
  now: Date,
): Promise<void> {
  const { old, young, key } = change
  if (old !== undefined && saidOf(old) === saidOf(young)) return
  const { account, name: repository } = change.judged.repository
  await appendHistory(tx, { account, repository, digest: key.digest }, young, now)
  const was = old?.result === 'verified'
  const is = young.result === 'verified'
  if (was === is) return
  const { policy, result, reason } = young
  const identities = is ? young.identities : (old?.identities ?? [])
  const detail = { digest: key.digest, policy, result, reason, identities }
  const kind = is ? 'SignatureVerified' : 'SignatureTrustLost'
  await recordTrustEvent(tx, { kind, account, repository, detail }, now)
}

function saidOf({
  result,
  reason,
  identities,
  validUntil,
}: Pick<EvidenceRow, 'result' | 'reason' | 'identities' | 'validUntil'>): string {
  return JSON.stringify([result, reason ?? null, identities, validUntil ?? null])
}
