import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { parseDigest, type Digest } from '../oci/digest.ts'
import {
  bytes,
  instant,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlValue,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface ManifestKey {
  readonly repositoryId: number
  readonly digest: Digest
}

/** A VEX document found beside an image. */
export interface VexReferrer {
  /** Of the layer in its manifest. */
  readonly position: number
  readonly subject: Digest
  /** The tag that makes the manifest a referrer, where it has no subject. */
  readonly viaTag: string | undefined
  readonly blobDigest: Digest
  readonly judgement:
    | {
        readonly kind: 'trusted'
        readonly fingerprint: string
        /** JSON of the document. */
        readonly document: string
      }
    | { readonly kind: 'untrusted'; readonly reason: string }
  /** Undefined where it cannot be read. */
  readonly summary:
    | {
        readonly id: string
        readonly version: string
        readonly issuer: string
        readonly statements: number
      }
    | undefined
}

/** In the place of what was found in the manifest before. Nothing is written of one that was deleted meanwhile. */
export async function replaceVexReferrers(
  tx: SqlWriter,
  key: ManifestKey,
  found: {
    readonly referrers: readonly VexReferrer[]
    readonly keysHash: string
    readonly readAt: Date
  },
): Promise<void> {
  await tx.run('DELETE FROM vex_referrers WHERE repository_id = $1 AND manifest_digest = $2', [
    key.repositoryId,
    key.digest,
  ])
  const manifest = await tx.first(
    'SELECT digest FROM manifests WHERE repository_id = $1 AND digest = $2',
    [key.repositoryId, key.digest],
  )
  if (manifest === undefined) return
  for (const referrer of found.referrers) await insertVexReferrer(tx, key, referrer, found)
}

async function insertVexReferrer(
  tx: SqlWriter,
  key: ManifestKey,
  { position, subject, viaTag, blobDigest, judgement, summary }: VexReferrer,
  { keysHash, readAt }: { readonly keysHash: string; readonly readAt: Date },
): Promise<void> {
  const isTrusted = judgement.kind === 'trusted'
  await tx.run(
    `INSERT INTO vex_referrers (repository_id, manifest_digest, position, subject, via_tag, state, reason, fingerprint, keys_hash,
       blob_digest, document_id, version, issuer, statements, document, read_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
    [
      key.repositoryId,
      key.digest,
      position,
      subject,
      viaTag ?? null,
      judgement.kind,
      ...(isTrusted ? [null, judgement.fingerprint] : [judgement.reason, null]),
      keysHash,
      blobDigest,
      ...summaryColumns(summary),
      isTrusted ? zstdCompressSync(judgement.document) : null,
      readAt.getTime(),
    ],
  )
}

function summaryColumns(summary: VexReferrer['summary']): readonly SqlValue[] {
  if (summary === undefined) return [null, null, null, null]
  return [summary.id, summary.version, summary.issuer, summary.statements]
}

/** Judged under the keys of now; a tag counts while it names the manifest. */
const inForce = `keys_hash = $3 AND state = 'trusted' AND (via_tag IS NULL OR EXISTS (SELECT 1 FROM tags t
  WHERE t.repository_id = r.repository_id AND t.name = r.via_tag AND t.digest = r.manifest_digest))`

export interface TrustedReferrer {
  readonly manifestDigest: string
  readonly position: number
  readonly subject: string
  readonly blobDigest: string
}

/** Those that have effect on the subject, judged under these keys. */
export async function listTrustedReferrers(
  reader: SqlReader,
  { repositoryId, digest }: ManifestKey,
  { keysHash, limit }: { readonly keysHash: string; readonly limit: number },
): Promise<readonly TrustedReferrer[]> {
  const rows = await reader.all(
    `SELECT manifest_digest, position, subject, blob_digest FROM vex_referrers r
     WHERE repository_id = $1 AND subject = $2 AND ${inForce} ORDER BY manifest_digest, position LIMIT $4`,
    [repositoryId, digest, keysHash, limit],
  )
  return rows.map((row) => ({
    manifestDigest: text(row, 'manifest_digest'),
    position: integer(row, 'position'),
    subject: text(row, 'subject'),
    blobDigest: text(row, 'blob_digest'),
  }))
}

/** JSON of the document; undefined where it is gone. */
export async function readTrustedDocument(
  reader: SqlReader,
  repositoryId: number,
  { manifestDigest, position }: TrustedReferrer,
): Promise<string | undefined> {
  const row = await reader.first(
    `SELECT document FROM vex_referrers
     WHERE repository_id = $1 AND manifest_digest = $2 AND position = $3 AND document IS NOT NULL`,
    [repositoryId, manifestDigest, position],
  )
  return row === undefined ? undefined : zstdDecompressSync(bytes(row, 'document')).toString()
}

/** A found document as people are told of it. */
export interface ListedReferrer {
  readonly manifestDigest: string
  readonly subject: string
  readonly tag: string | undefined
  readonly state: 'trusted' | 'untrusted'
  readonly reason: string | undefined
  readonly fingerprint: string | undefined
  readonly id: string | undefined
  readonly version: string | undefined
  readonly issuer: string | undefined
  readonly statements: number | undefined
  readonly readAt: Date
}

/** All that speak of the subject, with what they are worth under these keys. */
export async function listVexReferrers(
  reader: SqlReader,
  { repositoryId, digest }: ManifestKey,
  { keysHash, limit }: { readonly keysHash: string; readonly limit: number },
): Promise<readonly ListedReferrer[]> {
  const rows = await reader.all(
    `SELECT manifest_digest, subject, via_tag, state, reason, fingerprint, keys_hash, document_id, version, issuer, statements,
       read_at, CASE WHEN ${inForce} THEN 1 ELSE 0 END AS counts
     FROM vex_referrers r WHERE repository_id = $1 AND subject = $2
     ORDER BY state, read_at DESC, manifest_digest, position LIMIT $4`,
    [repositoryId, digest, keysHash, limit],
  )
  return rows.map((row) => listedOf(row, keysHash))
}

function listedOf(row: SqlRow, keysHash: string): ListedReferrer {
  const isTrusted = integer(row, 'counts') === 1
  return {
    manifestDigest: text(row, 'manifest_digest'),
    subject: text(row, 'subject'),
    tag: textOrAbsent(row, 'via_tag'),
    state: isTrusted ? 'trusted' : 'untrusted',
    reason: isTrusted ? undefined : whyNot(row, keysHash),
    fingerprint: textOrAbsent(row, 'fingerprint'),
    id: textOrAbsent(row, 'document_id'),
    version: textOrAbsent(row, 'version'),
    issuer: textOrAbsent(row, 'issuer'),
    statements: integerOrAbsent(row, 'statements'),
    readAt: instant(row, 'read_at'),
  }
}

function whyNot(row: SqlRow, keysHash: string): string {
  if (text(row, 'keys_hash') !== keysHash)
    return 'it waits to be judged with the keys of this start'
  return (
    textOrAbsent(row, 'reason') ??
    `tag ${textOrAbsent(row, 'via_tag') ?? ''} names another manifest now`
  )
}

/** Manifests whose documents were judged under other keys than these. */
export async function listMisjudged(
  reader: SqlReader,
  keysHash: string,
  limit: number,
): Promise<readonly ManifestKey[]> {
  const rows = await reader.all(
    `SELECT DISTINCT repository_id, manifest_digest AS digest FROM vex_referrers
     WHERE keys_hash < $1 OR keys_hash > $1 ORDER BY repository_id, manifest_digest LIMIT $2`,
    [keysHash, limit],
  )
  return rows.map(keyOf)
}

/** Manifests that refer to an image, or are tagged as cosign's attestations, after a key in order. */
export async function listPossibleReferrers(
  reader: SqlReader,
  after: { readonly repositoryId: number; readonly digest: string },
  limit: number,
): Promise<readonly ManifestKey[]> {
  const rows = await reader.all(
    `SELECT repository_id, digest FROM manifests m
     WHERE (repository_id > $1 OR (repository_id = $1 AND digest > $2))
       AND (subject_digest IS NOT NULL OR EXISTS (SELECT 1 FROM tags t
         WHERE t.repository_id = m.repository_id AND t.digest = m.digest AND t.name LIKE 'sha256-%.att'))
     ORDER BY repository_id, digest LIMIT $3`,
    [after.repositoryId, after.digest, limit],
  )
  return rows.map(keyOf)
}

function keyOf(row: SqlRow): ManifestKey {
  const digest = parseDigest(text(row, 'digest'))
  if (digest === undefined) throw new Error('a manifest has a digest that is none')
  return { repositoryId: integer(row, 'repository_id'), digest }
}
