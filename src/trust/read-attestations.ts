import type { SignatureReason, SignatureResult } from '../signatures/outcome.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findEvidence } from './evidence-store.ts'
import { readTrustPolicy } from './put-trust-policy.ts'
import type { AskedEvidence } from './read-evidence.ts'
import { referrersChangedJob } from '../registry/events.ts'
import { listAttestations, type StoredAttestation } from './signature-store.ts'
import { findPolicyRow } from './trust-policy-store.ts'

/** What is known of one rule about signed statements. */
export interface AttestationAnswer {
  readonly rule: string
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly identity: string | undefined
  readonly predicateType: string | undefined
  readonly predicateDigest: string | undefined
  readonly extracted: Readonly<Record<string, string>>
  readonly manifest: string | undefined
  /** Milliseconds. */
  readonly validUntil: number | undefined
}

const order: readonly SignatureResult[] = [
  'verified',
  'revoked',
  'unknown',
  'expired',
  'invalid',
  'untrusted',
  'none',
]
const maxRows = 1000

/** One answer for each rule of the policy, the best statement of each; `now` in milliseconds. None where there is no such policy. */
export async function readAttestations(
  reader: SqlReader,
  asked: AskedEvidence,
  now: number,
): Promise<readonly AttestationAnswer[]> {
  const { account, digest, policy: name } = asked
  const row = await findPolicyRow(reader, account, name)
  const found = await findEvidence(reader, asked, { now, jobKind: referrersChangedJob })
  if (row === undefined || found?.policy === undefined) return []
  const { floor } = found.policy
  const key = { repositoryId: found.repositoryId, digest }
  const rows = await listAttestations(reader, key, { policy: name, limit: maxRows })
  const answers = rows.map((one) => answerOf(one, { floor, now }))
  return readTrustPolicy(row.text).attestations.map(({ id }) => {
    const own = answers.filter(({ rule }) => rule === id)
    const best = order.flatMap((result) => own.filter((one) => one.result === result))[0]
    return best ?? nothing(id, found.isPending)
  })
}

function answerOf(
  { ruleId, manifestDigest, policyRevision, ...one }: StoredAttestation,
  { floor, now }: { readonly floor: number; readonly now: number },
): AttestationAnswer {
  const { result, reason, identity, predicateType, predicateDigest, extracted, validUntil } = one
  const common = {
    rule: ruleId,
    identity,
    predicateType,
    predicateDigest,
    extracted,
    manifest: manifestDigest,
    validUntil,
  }
  if (policyRevision < floor) return { ...common, result: 'unknown', reason: 'recomputing' }
  const isOver = validUntil !== undefined && validUntil <= now
  return isOver ? { ...common, result: 'unknown', reason: 'stale' } : { ...common, result, reason }
}

function nothing(rule: string, isPending: boolean): AttestationAnswer {
  const outcome = isPending
    ? ({ result: 'unknown', reason: 'pending' } as const)
    : ({ result: 'none', reason: 'unsigned' } as const)
  const absent = {
    identity: undefined,
    predicateType: undefined,
    predicateDigest: undefined,
    manifest: undefined,
  }
  return { rule, ...outcome, ...absent, extracted: {}, validUntil: undefined }
}
