import type { LifecycleAction } from './rules/lifecycle-policy.ts'
import {
  bytes,
  instant,
  instantOrAbsent,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/** What a run did to an image. */
export interface LifecycleRecord {
  readonly id: number
  readonly runId: number
  readonly digest: string
  /** Those that the image had. */
  readonly tags: readonly string[]
  readonly action: LifecycleAction
  readonly rule: number
  /** An ActReason as it was found. */
  readonly reason: unknown
  readonly bytes: number
  readonly pushedAt: Date
  readonly at: Date
  /** Until when it can be brought back. */
  readonly undoUntil: Date | undefined
  readonly undoneAt: Date | undefined
}

interface Place {
  readonly account: string
  /** Name of the repository. */
  readonly repository: string
}

const columns =
  'r.id, r.run_id, r.digest, r.tags, r.action, r.rule, r.reason, r.bytes, r.pushed_at, r.at, r.undo_until, r.undone_at'

export interface NewRecord extends Place {
  readonly runId: number
  readonly digest: string
  readonly tags: readonly string[]
  readonly action: LifecycleAction
  readonly rule: number
  readonly reason: unknown
  readonly bytes: number
  readonly pushedAt: number
  readonly mediaType: string
  /** Kept where the deletion can be undone. */
  readonly kept: { readonly manifest: Uint8Array; readonly until: Date } | undefined
}

export async function insertRecord(tx: SqlWriter, record: NewRecord, now: Date): Promise<void> {
  const { account, repository, tags, kept } = record
  const row = await tx.first(
    `INSERT INTO lifecycle_records (run_id, account, repository, digest, tags, action, rule, reason, bytes, pushed_at, at,
       media_type, manifest, undo_until)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id`,
    [
      record.runId,
      account,
      repository,
      record.digest,
      JSON.stringify(tags),
      record.action,
      record.rule,
      JSON.stringify(record.reason),
      record.bytes,
      record.pushedAt,
      now.getTime(),
      record.mediaType,
      kept?.manifest ?? null,
      kept?.until.getTime() ?? null,
    ],
  )
  if (row === undefined) throw new Error('an inserted lifecycle record has no row')
  for (const tag of tags) {
    await tx.run(
      'INSERT INTO lifecycle_record_tags (record_id, account, repository, tag) VALUES ($1, $2, $3, $4)',
      [integer(row, 'id'), account, repository, tag],
    )
  }
}

/** Newest first; before an id. */
export async function listRecords(
  reader: SqlReader,
  { account, repository }: Place,
  page: { readonly before: number; readonly limit: number },
): Promise<readonly LifecycleRecord[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM lifecycle_records r
     WHERE r.account = $1 AND r.repository = $2 AND r.id < $3 ORDER BY r.id DESC LIMIT $4`,
    [account, repository, page.before, page.limit],
  )
  return rows.map(recordOf)
}

export async function listRecordsOfTag(
  reader: SqlReader,
  { account, repository }: Place,
  page: { readonly tag: string; readonly before: number; readonly limit: number },
): Promise<readonly LifecycleRecord[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM lifecycle_record_tags t JOIN lifecycle_records r ON r.id = t.record_id
     WHERE t.account = $1 AND t.repository = $2 AND t.tag = $3 AND t.record_id < $4 ORDER BY t.record_id DESC LIMIT $5`,
    [account, repository, page.tag, page.before, page.limit],
  )
  return rows.map(recordOf)
}

export async function listRecordsOfDigest(
  reader: SqlReader,
  { account, repository }: Place,
  page: { readonly digest: string; readonly before: number; readonly limit: number },
): Promise<readonly LifecycleRecord[]> {
  const rows = await reader.all(
    `SELECT ${columns} FROM lifecycle_records r
     WHERE r.account = $1 AND r.repository = $2 AND r.digest = $3 AND r.id < $4 ORDER BY r.id DESC LIMIT $5`,
    [account, repository, page.digest, page.before, page.limit],
  )
  return rows.map(recordOf)
}

/** The newest deletion of the image that can be undone now, with the manifest that is kept for it. */
export async function findUndoable(
  reader: SqlReader,
  { account, repository }: Place,
  wanted: { readonly digest: string; readonly now: Date },
): Promise<
  (LifecycleRecord & { readonly mediaType: string; readonly manifest: Uint8Array }) | undefined
> {
  const row = await reader.first(
    `SELECT ${columns}, r.media_type, r.manifest FROM lifecycle_records r
     WHERE r.account = $1 AND r.repository = $2 AND r.digest = $3 AND r.manifest IS NOT NULL
       AND r.undo_until >= $4 AND r.undone_at IS NULL ORDER BY r.id DESC LIMIT 1`,
    [account, repository, wanted.digest, wanted.now.getTime()],
  )
  if (row === undefined) return undefined
  return { ...recordOf(row), mediaType: text(row, 'media_type'), manifest: bytes(row, 'manifest') }
}

export async function markUndone(tx: SqlWriter, id: number, now: Date): Promise<void> {
  await tx.run('UPDATE lifecycle_records SET undone_at = $2, manifest = NULL WHERE id = $1', [
    id,
    now.getTime(),
  ])
}

/** Manifests that can no longer be brought back; at most `limit`. */
export async function dropKeptManifests(
  tx: SqlWriter,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<number> {
  return tx.run(
    `UPDATE lifecycle_records SET manifest = NULL WHERE id IN (SELECT id FROM lifecycle_records
       WHERE manifest IS NOT NULL AND undo_until < $1 ORDER BY undo_until LIMIT $2)`,
    [now.getTime(), limit],
  )
}

export async function forgetRecords(
  tx: SqlWriter,
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<number> {
  return tx.run(
    'DELETE FROM lifecycle_records WHERE id IN (SELECT id FROM lifecycle_records WHERE at < $1 ORDER BY at LIMIT $2)',
    [before.getTime(), limit],
  )
}

function recordOf(row: SqlRow): LifecycleRecord {
  const tags: unknown = JSON.parse(text(row, 'tags'))
  const reason: unknown = JSON.parse(text(row, 'reason'))
  return {
    id: integer(row, 'id'),
    runId: integer(row, 'run_id'),
    digest: text(row, 'digest'),
    tags: Array.isArray(tags) ? tags.map(String) : [],
    action: text(row, 'action') === 'archive' ? 'archive' : 'expire',
    rule: integer(row, 'rule'),
    reason,
    bytes: integer(row, 'bytes'),
    pushedAt: instant(row, 'pushed_at'),
    at: instant(row, 'at'),
    undoUntil: instantOrAbsent(row, 'undo_until'),
    undoneAt: instantOrAbsent(row, 'undone_at'),
  }
}
