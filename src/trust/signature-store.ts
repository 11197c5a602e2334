import type { SignatureCheck, SignatureReason, SignatureResult } from '../signatures/outcome.ts'
import {
  instant,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { SubjectKey } from './evaluation-jobs.ts'
import type { SignatureFormat } from './rules/candidate.ts'

export interface WrittenSignature {
  readonly candidateKey: string
  readonly manifestDigest: string
  readonly layerDigest: string
  readonly format: SignatureFormat
  /** Empty for a referrer. */
  readonly viaTag: string
  /** Bytes. */
  readonly size: number
  readonly pushedBy: string
  readonly seenAt: number
}

/** When each candidate was seen first, and which were verified under some policy. */
export async function readKnownSignatures(
  reader: SqlReader,
  { repositoryId, digest }: SubjectKey,
): Promise<{
  readonly seenAt: ReadonlyMap<string, number>
  readonly verified: ReadonlySet<string>
}> {
  const rows = await reader.all(
    `SELECT candidate_key, seen_at, EXISTS (SELECT 1 FROM signature_results r
       WHERE r.signature_id = s.id AND r.result = 'verified') AS was_verified
     FROM signatures s WHERE repository_id = $1 AND subject_digest = $2`,
    [repositoryId, digest],
  )
  return {
    seenAt: new Map(rows.map((row) => [text(row, 'candidate_key'), integer(row, 'seen_at')])),
    verified: new Set(
      rows.filter((row) => row['was_verified'] === 1).map((row) => text(row, 'candidate_key')),
    ),
  }
}

/** In place of those of before; a manifest that is gone has none. Ids by candidate. */
export async function replaceSignatures(
  tx: SqlWriter,
  { repositoryId, digest }: SubjectKey,
  signatures: readonly WrittenSignature[],
): Promise<ReadonlyMap<string, number>> {
  await tx.run('DELETE FROM signatures WHERE repository_id = $1 AND subject_digest = $2', [
    repositoryId,
    digest,
  ])
  const ids = new Map<string, number>()
  for (const one of signatures) {
    const row = await tx.first(
      `INSERT INTO signatures (repository_id, subject_digest, candidate_key, manifest_digest, layer_digest, format, via_tag, size,
         pushed_by, seen_at) SELECT repository_id, $2, $3, digest, $5, $6, $7, $8, $9, $10 FROM manifests
       WHERE repository_id = $1 AND digest = $4 RETURNING id`,
      [
        repositoryId,
        digest,
        one.candidateKey,
        one.manifestDigest,
        one.layerDigest,
        one.format,
        one.viaTag,
        one.size,
        one.pushedBy,
        one.seenAt,
      ],
    )
    if (row !== undefined) ids.set(one.candidateKey, integer(row, 'id'))
  }
  return ids
}

export interface WrittenResult {
  readonly policy: string
  readonly policyRevision: number
  readonly entryId: string
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly checks: readonly SignatureCheck[]
  readonly identity: string | undefined
  readonly keyId: string | undefined
  readonly signedAt: number | undefined
  readonly signedAtSource: string | undefined
  readonly validUntil: number | undefined
  readonly endsAt: number | undefined
  readonly engineRevision: string
  readonly rootHash: string | undefined
}

export async function insertResult(
  tx: SqlWriter,
  signatureId: number,
  result: WrittenResult,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO signature_results (signature_id, policy, entry_id, policy_revision, result, reason, checks, identity, key_id,
       signed_at, signed_at_source, valid_until, ends_at, engine_revision, root_hash, computed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
    [
      signatureId,
      result.policy,
      result.entryId,
      result.policyRevision,
      result.result,
      result.reason ?? null,
      JSON.stringify(result.checks),
      result.identity ?? null,
      result.keyId ?? null,
      result.signedAt ?? null,
      result.signedAtSource ?? null,
      result.validUntil ?? null,
      result.endsAt ?? null,
      result.engineRevision,
      result.rootHash ?? null,
      now.getTime(),
    ],
  )
}

export interface WrittenAttestation {
  readonly policy: string
  readonly ruleId: string
  readonly candidateKey: string
  readonly policyRevision: number
  readonly manifestDigest: string
  readonly viaTag: string
  readonly predicateType: string
  readonly predicateDigest: string
  readonly extracted: Readonly<Record<string, string>>
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly identity: string | undefined
  readonly validUntil: number | undefined
}

/** Of a policy; its evidence is there. */
export async function replaceAttestations(
  tx: SqlWriter,
  { repositoryId, digest }: SubjectKey,
  {
    policy,
    attestations,
  }: { readonly policy: string; readonly attestations: readonly WrittenAttestation[] },
  now: Date,
): Promise<void> {
  await tx.run(
    'DELETE FROM attestation_results WHERE repository_id = $1 AND subject_digest = $2 AND policy = $3',
    [repositoryId, digest, policy],
  )
  for (const one of attestations)
    await tx.run(
      `INSERT INTO attestation_results (repository_id, subject_digest, policy, rule_id, candidate_key, policy_revision,
         manifest_digest, via_tag, predicate_type, predicate_digest, extracted, result, reason, identity, valid_until, computed_at)
       SELECT repository_id, $2, $3, $4, $5, $6, digest, $8, $9, $10, $11, $12, $13, $14, $15, $16 FROM manifests
       WHERE repository_id = $1 AND digest = $7`,
      [
        repositoryId,
        digest,
        policy,
        one.ruleId,
        one.candidateKey,
        one.policyRevision,
        one.manifestDigest,
        one.viaTag,
        one.predicateType,
        one.predicateDigest,
        JSON.stringify(one.extracted),
        one.result,
        one.reason ?? null,
        one.identity ?? null,
        one.validUntil ?? null,
        now.getTime(),
      ],
    )
}

export interface StoredAttestation {
  readonly ruleId: string
  readonly policyRevision: number
  readonly manifestDigest: string
  readonly predicateType: string
  readonly predicateDigest: string
  readonly extracted: Readonly<Record<string, string>>
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly identity: string | undefined
  readonly validUntil: number | undefined
  readonly computedAt: Date
}

/** Under a policy, by rule; a tag counts while it is there. */
export async function listAttestations(
  reader: SqlReader,
  { repositoryId, digest }: { readonly repositoryId: number; readonly digest: string },
  { policy, limit }: { readonly policy: string; readonly limit: number },
): Promise<readonly StoredAttestation[]> {
  const rows = await reader.all(
    `SELECT rule_id, policy_revision, manifest_digest, predicate_type, predicate_digest, extracted, result, reason, identity,
       valid_until, computed_at FROM attestation_results a
     WHERE repository_id = $1 AND subject_digest = $2 AND policy = $3
       AND (via_tag = '' OR EXISTS (SELECT 1 FROM tags t WHERE t.repository_id = a.repository_id AND t.name = a.via_tag))
     ORDER BY rule_id, candidate_key LIMIT $4`,
    [repositoryId, digest, policy, limit],
  )
  return rows.map((row) => ({
    ruleId: text(row, 'rule_id'),
    policyRevision: integer(row, 'policy_revision'),
    manifestDigest: text(row, 'manifest_digest'),
    predicateType: text(row, 'predicate_type'),
    predicateDigest: text(row, 'predicate_digest'),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what replaceAttestations wrote
    extracted: JSON.parse(text(row, 'extracted')) as StoredAttestation['extracted'],
    result: resultIn(row),
    reason: reasonIn(row),
    identity: textOrAbsent(row, 'identity'),
    validUntil: integerOrAbsent(row, 'valid_until'),
    computedAt: instant(row, 'computed_at'),
  }))
}

export interface ListedSignature {
  readonly manifestDigest: string
  readonly layerDigest: string
  readonly format: string
  readonly viaTag: string | undefined
  readonly pushedBy: string
  readonly seenAt: Date
  readonly results: readonly ListedResult[]
}

export interface ListedResult {
  readonly policy: string
  readonly entry: string
  readonly result: SignatureResult
  readonly reason: SignatureReason | undefined
  readonly checks: readonly SignatureCheck[]
  readonly identity: string | undefined
  readonly keyId: string | undefined
  readonly signedAt: Date | undefined
  readonly signedAtSource: string | undefined
  readonly validUntil: Date | undefined
  /** From when on the signature itself counts no more; `validUntil` may come before, when something is only asked for again. */
  readonly endsAt: Date | undefined
  readonly computedAt: Date
}

/** Candidates that were tried, with what came out under each policy. */
export async function listSignatures(
  reader: SqlReader,
  { repositoryId, digest }: SubjectKey,
  limit: number,
): Promise<readonly ListedSignature[]> {
  const rows = await reader.all(
    `SELECT id, manifest_digest, layer_digest, format, via_tag, pushed_by, seen_at FROM signatures
     WHERE repository_id = $1 AND subject_digest = $2 ORDER BY seen_at, manifest_digest, id LIMIT $3`,
    [repositoryId, digest, limit],
  )
  const listed: ListedSignature[] = []
  for (const row of rows) {
    const viaTag = text(row, 'via_tag')
    listed.push({
      manifestDigest: text(row, 'manifest_digest'),
      layerDigest: text(row, 'layer_digest'),
      format: text(row, 'format'),
      viaTag: viaTag === '' ? undefined : viaTag,
      pushedBy: text(row, 'pushed_by'),
      seenAt: instant(row, 'seen_at'),
      results: await listResults(reader, integer(row, 'id')),
    })
  }
  return listed
}

async function listResults(
  reader: SqlReader,
  signatureId: number,
): Promise<readonly ListedResult[]> {
  const rows = await reader.all(
    `SELECT policy, entry_id, result, reason, checks, identity, key_id, signed_at, signed_at_source, valid_until, ends_at,
       computed_at FROM signature_results WHERE signature_id = $1 ORDER BY policy, entry_id`,
    [signatureId],
  )
  return rows.map((row) => ({
    policy: text(row, 'policy'),
    entry: text(row, 'entry_id'),
    result: resultIn(row),
    reason: reasonIn(row),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what insertResult wrote
    checks: JSON.parse(text(row, 'checks')) as readonly SignatureCheck[],
    identity: textOrAbsent(row, 'identity'),
    keyId: textOrAbsent(row, 'key_id'),
    signedAt: dateIn(row, 'signed_at'),
    signedAtSource: textOrAbsent(row, 'signed_at_source'),
    validUntil: dateIn(row, 'valid_until'),
    endsAt: dateIn(row, 'ends_at'),
    computedAt: instant(row, 'computed_at'),
  }))
}

/** A time beyond what dates can say is as good as none. */
function dateIn(row: SqlRow, column: string): Date | undefined {
  const time = integerOrAbsent(row, column)
  return time === undefined || Math.abs(time) > 8.64e15 ? undefined : new Date(time)
}

function resultIn(row: SqlRow): SignatureResult {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a column that this room writes
  return text(row, 'result') as SignatureResult
}

function reasonIn(row: SqlRow): SignatureReason | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a column that this room writes
  return textOrAbsent(row, 'reason') as SignatureReason | undefined
}
