import type { AccountId } from '../policy/account-id.ts'
import type { SignatureReason, SignatureResult } from '../signatures/outcome.ts'
import {
  instant,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  texts,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { SubjectKey } from './evaluation-jobs.ts'
import type { StoredEvidence } from './rules/evidence-in-force.ts'

/** 0 where nothing was written yet. */
export async function readSubjectVersion(reader: SqlReader, key: SubjectKey): Promise<number> {
  const row = await reader.first(
    'SELECT version FROM evidence_subjects WHERE repository_id = $1 AND digest = $2',
    [key.repositoryId, key.digest],
  )
  return row === undefined ? 0 : integer(row, 'version')
}

export async function growSubjectVersion(tx: SqlWriter, key: SubjectKey): Promise<void> {
  await tx.run(
    `INSERT INTO evidence_subjects (repository_id, digest, version) VALUES ($1, $2, 1)
     ON CONFLICT (repository_id, digest) DO UPDATE SET version = evidence_subjects.version + 1`,
    [key.repositoryId, key.digest],
  )
}

export interface WrittenEvidence {
  readonly policy: string
  readonly policyRevision: number
  readonly threshold: number
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly countByResult: Readonly<Partial<Record<SignatureResult, number>>>
  readonly identities: readonly string[]
  readonly validUntil: number | undefined
  readonly engineRevision: string
  readonly supports: readonly WrittenSupport[]
}

export interface WrittenSupport {
  readonly identity: string
  readonly candidateKey: string
  readonly manifestDigest: string
  /** Empty for a referrer. */
  readonly viaTag: string
  readonly validUntil: number | undefined
}

/** In place of the row of before, with what it rests on; a manifest that is gone supports nothing. */
export async function writeEvidence(
  tx: SqlWriter,
  { repositoryId, digest }: SubjectKey,
  evidence: WrittenEvidence,
  now: Date,
): Promise<void> {
  const { policy, supports } = evidence
  await tx.run(
    `INSERT INTO evidence (repository_id, subject_digest, policy, policy_revision, threshold, result, reason, count_by_result,
       identities, valid_until, engine_revision, computed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (repository_id, subject_digest, policy) DO UPDATE SET policy_revision = excluded.policy_revision,
       threshold = excluded.threshold, result = excluded.result, reason = excluded.reason,
       count_by_result = excluded.count_by_result, identities = excluded.identities, valid_until = excluded.valid_until,
       engine_revision = excluded.engine_revision, computed_at = excluded.computed_at`,
    [
      repositoryId,
      digest,
      policy,
      evidence.policyRevision,
      evidence.threshold,
      evidence.result,
      evidence.reason ?? null,
      JSON.stringify(evidence.countByResult),
      JSON.stringify(evidence.identities),
      evidence.validUntil ?? null,
      evidence.engineRevision,
      now.getTime(),
    ],
  )
  await tx.run(
    'DELETE FROM evidence_supports WHERE repository_id = $1 AND subject_digest = $2 AND policy = $3',
    [repositoryId, digest, policy],
  )
  for (const support of supports)
    await tx.run(
      `INSERT INTO evidence_supports (repository_id, subject_digest, policy, identity, candidate_key, manifest_digest, via_tag,
         valid_until) SELECT repository_id, $2, $3, $4, $5, digest, $7, $8 FROM manifests
       WHERE repository_id = $1 AND digest = $6`,
      [
        repositoryId,
        digest,
        policy,
        support.identity,
        support.candidateKey,
        support.manifestDigest,
        support.viaTag,
        support.validUntil ?? null,
      ],
    )
}

export async function deleteEvidence(
  tx: SqlWriter,
  { repositoryId, digest }: SubjectKey,
  policy: string,
): Promise<void> {
  await tx.run(
    'DELETE FROM evidence WHERE repository_id = $1 AND subject_digest = $2 AND policy = $3',
    [repositoryId, digest, policy],
  )
}

/** What the rows of a digest say, without asking whether it still holds; by policy. */
export async function listEvidenceRows(
  reader: SqlReader,
  { repositoryId, digest }: SubjectKey,
): Promise<readonly EvidenceRow[]> {
  const rows = await reader.all(
    `SELECT policy, policy_revision, result, reason, identities, valid_until, engine_revision, computed_at FROM evidence
     WHERE repository_id = $1 AND subject_digest = $2 ORDER BY policy`,
    [repositoryId, digest],
  )
  return rows.map((row) => ({
    policy: text(row, 'policy'),
    policyRevision: integer(row, 'policy_revision'),
    result: resultIn(row),
    reason: reasonIn(row),
    identities: texts(row, 'identities'),
    validUntil: integerOrAbsent(row, 'valid_until'),
    engineRevision: text(row, 'engine_revision'),
  }))
}

export interface EvidenceRow {
  readonly policy: string
  readonly policyRevision: number
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly identities: readonly string[]
  readonly validUntil: number | undefined
  readonly engineRevision: string
}

/** Signers whose signature is there, in time, and under a tag that is there. */
const supporters = `(SELECT COUNT(DISTINCT s.identity) FROM evidence_supports s
  WHERE s.repository_id = e.repository_id AND s.subject_digest = e.subject_digest AND s.policy = e.policy
    AND (s.valid_until IS NULL OR s.valid_until > $5)
    AND (s.via_tag = '' OR EXISTS (SELECT 1 FROM tags t WHERE t.repository_id = s.repository_id AND t.name = s.via_tag)))`

const evidenceColumns = `e.subject_digest, e.policy_revision, e.threshold, e.result, e.reason, e.count_by_result, e.identities,
  e.valid_until, e.computed_at, ${supporters} AS supporters`

export interface FoundEvidence {
  readonly repositoryId: number
  /** Undefined: the account has no such policy. */
  readonly policy:
    | { readonly revision: number; readonly floor: number; readonly inheritFromIndex: boolean }
    | undefined
  readonly evidence: StoredEvidence | undefined
  /** Whether something beside the digest has changed since. */
  readonly isPending: boolean
}

export interface EvidenceQuestion {
  readonly account: AccountId
  readonly repository: string
  readonly digest: string
  readonly policy: string
}

/** One statement: what a decision needs of a digest under a policy. Undefined where there is no such repository. */
export async function findEvidence(
  reader: SqlReader,
  { account, repository, digest, policy }: EvidenceQuestion,
  { now, jobKind }: { readonly now: number; readonly jobKind: string },
): Promise<FoundEvidence | undefined> {
  const row = await reader.first(
    `SELECT r.id AS repository_id, p.revision, p.floor, p.inherit_from_index, j.id AS job_id, ${evidenceColumns}
     FROM repositories r
     LEFT JOIN trust_policies p ON p.account = r.account AND p.name = $4 AND p.text IS NOT NULL
     LEFT JOIN evidence e ON e.repository_id = r.id AND e.subject_digest = $3 AND e.policy = $4
     LEFT JOIN jobs j ON j.kind = $6 AND j.key = r.id || '/' || $3
     WHERE r.account = $1 AND r.name = $2`,
    [account, repository, digest, policy, now, jobKind],
  )
  if (row === undefined) return undefined
  const revision = integerOrAbsent(row, 'revision')
  return {
    repositoryId: integer(row, 'repository_id'),
    policy:
      revision === undefined
        ? undefined
        : {
            revision,
            floor: integer(row, 'floor'),
            inheritFromIndex: integer(row, 'inherit_from_index') === 1,
          },
    evidence: row['result'] === null ? undefined : storedOf(row),
    isPending: row['job_id'] !== null,
  }
}

/** Evidence of indexes that list the digest, those that say verified. */
export async function listIndexEvidence(
  reader: SqlReader,
  { repositoryId, digest }: { readonly repositoryId: number; readonly digest: string },
  { policy, now, limit }: { readonly policy: string; readonly now: number; readonly limit: number },
): Promise<readonly StoredEvidence[]> {
  const rows = await reader.all(
    `SELECT DISTINCT ${evidenceColumns} FROM manifest_children c
     JOIN evidence e ON e.repository_id = c.repository_id AND e.subject_digest = c.manifest_digest AND e.policy = $3
     WHERE c.repository_id = $1 AND c.child_digest = $2 AND e.result = 'verified' ORDER BY e.subject_digest LIMIT $4`,
    [repositoryId, digest, policy, limit, now],
  )
  return rows.map(storedOf)
}

/** Digests whose evidence must be made again after one moment and up to another, the first of them first. */
export async function listDueSubjects(
  reader: SqlReader,
  {
    after,
    until,
    limit,
  }: { readonly after: number; readonly until: number; readonly limit: number },
): Promise<
  readonly { readonly repositoryId: number; readonly digest: string; readonly dueAt: number }[]
> {
  const rows = await reader.all(
    `SELECT repository_id, subject_digest, MIN(valid_until) AS due_at FROM (
       SELECT repository_id, subject_digest, valid_until FROM evidence
         WHERE valid_until IS NOT NULL AND valid_until > $1 AND valid_until <= $2
       UNION ALL SELECT repository_id, subject_digest, valid_until FROM attestation_results
         WHERE valid_until IS NOT NULL AND valid_until > $1 AND valid_until <= $2) AS due
     GROUP BY repository_id, subject_digest ORDER BY due_at, repository_id, subject_digest LIMIT $3`,
    [after, until, limit],
  )
  return rows.map((row) => ({
    repositoryId: integer(row, 'repository_id'),
    digest: text(row, 'subject_digest'),
    dueAt: integer(row, 'due_at'),
  }))
}

export interface HistoryEntry {
  readonly policyRevision: number
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly identities: readonly string[]
  readonly validUntil: number | undefined
  readonly at: Date
}

export async function appendHistory(
  tx: SqlWriter,
  place: { readonly account: AccountId; readonly repository: string; readonly digest: string },
  evidence: Pick<
    WrittenEvidence,
    'policy' | 'policyRevision' | 'result' | 'reason' | 'identities' | 'validUntil'
  >,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO evidence_history (account, repository, subject_digest, policy, policy_revision, result, reason, identities,
       valid_until, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      place.account,
      place.repository,
      place.digest,
      evidence.policy,
      evidence.policyRevision,
      evidence.result,
      evidence.reason ?? null,
      JSON.stringify(evidence.identities),
      evidence.validUntil ?? null,
      now.getTime(),
    ],
  )
}

/** What was known at that moment: the newest entry of then. */
export async function findHistoryAt(
  reader: SqlReader,
  { account, repository, digest, policy }: EvidenceQuestion,
  at: Date,
): Promise<HistoryEntry | undefined> {
  const row = await reader.first(
    `SELECT policy_revision, result, reason, identities, valid_until, at FROM evidence_history
     WHERE account = $1 AND repository = $2 AND subject_digest = $3 AND policy = $4 AND at <= $5 ORDER BY id DESC LIMIT 1`,
    [account, repository, digest, policy, at.getTime()],
  )
  if (row === undefined) return undefined
  return {
    policyRevision: integer(row, 'policy_revision'),
    result: resultIn(row),
    reason: reasonIn(row),
    identities: texts(row, 'identities'),
    validUntil: integerOrAbsent(row, 'valid_until'),
    at: instant(row, 'at'),
  }
}

/** Of up to `limit` entries older than `before`; how many went. What is the newest of its digest stays as long as others follow it. */
export async function forgetHistory(
  tx: SqlWriter,
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<number> {
  return tx.run(
    `DELETE FROM evidence_history WHERE id IN (SELECT id FROM evidence_history WHERE at < $1 ORDER BY at LIMIT $2)`,
    [before.getTime(), limit],
  )
}

/** Tells the outbox that a digest is verified now, or not any more. */
export async function recordTrustEvent(
  tx: SqlWriter,
  event: {
    readonly kind: 'SignatureVerified' | 'SignatureTrustLost'
    readonly account: AccountId
    readonly repository: string
    readonly detail: Readonly<Record<string, unknown>>
  },
  now: Date,
): Promise<void> {
  const { kind, account, repository, detail } = event
  await tx.run(
    'INSERT INTO events (kind, account, resource, detail, at) VALUES ($1, $2, $3, $4, $5)',
    [kind, account, repository, JSON.stringify(detail), now.getTime()],
  )
}

function storedOf(row: SqlRow): StoredEvidence {
  return {
    digest: text(row, 'subject_digest'),
    policyRevision: integer(row, 'policy_revision'),
    threshold: integer(row, 'threshold'),
    result: resultIn(row),
    reason: reasonIn(row),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what writeEvidence wrote
    countByResult: JSON.parse(text(row, 'count_by_result')) as StoredEvidence['countByResult'],
    identities: texts(row, 'identities'),
    validUntil: integerOrAbsent(row, 'valid_until'),
    computedAt: integer(row, 'computed_at'),
    supporters: integer(row, 'supporters'),
  }
}

function resultIn(row: SqlRow): SignatureResult {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a column that this room writes
  return text(row, 'result') as SignatureResult
}

function reasonIn(row: SqlRow): SignatureReason | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a column that this room writes
  return textOrAbsent(row, 'reason') as SignatureReason | undefined
}
