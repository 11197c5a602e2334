import {
  parseDigest,
  parseDigestAlgorithm,
  type Digest,
  type DigestAlgorithm,
} from '../oci/digest.ts'
import { parseStorageKey, type StorageKey } from '../storage/blobs/blob-store.ts'
import {
  instant,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

/**
 * A resumable transfer. open → done (its digest is a blob of the repository) or aborted; both are final.
 * One request at a time holds the lease and may write; a lease ends with its time, so a dead writer blocks nobody for long.
 */
export interface Upload {
  readonly id: string
  readonly repositoryId: number
  /** Only who began an upload may go on with it. */
  readonly principalId: string
  readonly algorithm: DigestAlgorithm
  /** Bytes received and acknowledged. */
  readonly size: number
  readonly lastPartSize: number
  /** Whether a part that is not the last is below the API's minimum. */
  readonly hasShortPart: boolean
  readonly storageKey: StorageKey
  /** The holder, of a lease that may have run out; undefined when it was given back. */
  readonly lease: string | undefined
  readonly state: 'open' | 'done' | 'aborted'
  readonly digest: Digest | undefined
  readonly touchedAt: Date
}

export async function insertUpload(
  tx: SqlWriter,
  upload: Pick<Upload, 'id' | 'repositoryId' | 'principalId' | 'algorithm' | 'storageKey'>,
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO uploads (id, repository_id, principal_id, algorithm, size, last_part_size, has_short_part,
       storage_key, state, created_at, touched_at)
     VALUES ($1, $2, $3, $4, 0, 0, 0, $5, 'open', $6, $6)`,
    [
      upload.id,
      upload.repositoryId,
      upload.principalId,
      upload.algorithm,
      upload.storageKey,
      now.getTime(),
    ],
  )
}

/** Open uploads that the principal touched since then, in all repositories; no more than `limit` are counted. */
export async function countOpenUploads(
  reader: SqlReader,
  principalId: string,
  since: Date,
  limit: number,
): Promise<number> {
  const row = await reader.first(
    `SELECT COUNT(*) AS open FROM (SELECT 1 FROM uploads
       WHERE principal_id = $1 AND touched_at > $2 AND state = 'open' LIMIT $3) AS counted`,
    [principalId, since.getTime(), limit],
  )
  return row === undefined ? 0 : integer(row, 'open')
}

/** Who began the upload. */
export async function findUploadOwner(
  reader: SqlReader,
  key: Pick<Upload, 'id' | 'repositoryId'>,
): Promise<string | undefined> {
  const row = await reader.first(
    'SELECT principal_id FROM uploads WHERE id = $1 AND repository_id = $2',
    [key.id, key.repositoryId],
  )
  return row === undefined ? undefined : text(row, 'principal_id')
}

/** The upload of this repository and principal, whatever its state. */
export async function findUpload(
  reader: SqlReader,
  key: Pick<Upload, 'id' | 'repositoryId' | 'principalId'>,
): Promise<Upload | undefined> {
  const row = await reader.first(
    `SELECT id, repository_id, principal_id, algorithm, size, last_part_size, has_short_part, storage_key,
       lease, state, digest, touched_at
     FROM uploads WHERE id = $1 AND repository_id = $2 AND principal_id = $3`,
    [key.id, key.repositoryId, key.principalId],
  )
  return row === undefined ? undefined : uploadOf(row)
}

/** True when `lease` now holds the open upload alone. */
export async function leaseUpload(
  tx: SqlWriter,
  id: string,
  lease: { readonly holder: string; readonly now: Date; readonly until: Date },
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE uploads SET lease = $1, lease_until = $2, touched_at = $3
     WHERE id = $4 AND state = 'open' AND (lease IS NULL OR lease_until < $3)`,
    [lease.holder, lease.until.getTime(), lease.now.getTime(), id],
  )
  return changed === 1
}

/** Longer time for a holder that is still writing. */
export async function renewUploadLease(
  tx: SqlWriter,
  id: string,
  lease: { readonly holder: string; readonly now: Date; readonly until: Date },
): Promise<boolean> {
  const changed = await tx.run(
    'UPDATE uploads SET lease_until = $1, touched_at = $2 WHERE id = $3 AND lease = $4',
    [lease.until.getTime(), lease.now.getTime(), id, lease.holder],
  )
  return changed === 1
}

/** The upload goes on under another key; false when the lease was lost. */
export async function moveUpload(
  tx: SqlWriter,
  id: string,
  holder: string,
  storageKey: StorageKey,
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE uploads SET storage_key = $1 WHERE id = $2 AND lease = $3 AND state = 'open'`,
    [storageKey, id, holder],
  )
  return changed === 1
}

/** What was received counts from here on; gives the lease back. False when the lease was lost meanwhile. */
export async function acknowledgeBytes(
  tx: SqlWriter,
  upload: Pick<Upload, 'id' | 'size' | 'lastPartSize' | 'hasShortPart'>,
  holder: string,
  now: Date,
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE uploads SET size = $1, last_part_size = $2, has_short_part = $3, lease = NULL, lease_until = NULL,
       touched_at = $4
     WHERE id = $5 AND lease = $6 AND state = 'open'`,
    [
      upload.size,
      upload.lastPartSize,
      upload.hasShortPart ? 1 : 0,
      now.getTime(),
      upload.id,
      holder,
    ],
  )
  return changed === 1
}

export async function releaseUpload(tx: SqlWriter, id: string, holder: string): Promise<void> {
  await tx.run('UPDATE uploads SET lease = NULL, lease_until = NULL WHERE id = $1 AND lease = $2', [
    id,
    holder,
  ])
}

/** The lease runs out now, but is not given back: whoever takes it next knows that a former writer may be alive. */
export async function endUploadLease(tx: SqlWriter, id: string, holder: string): Promise<void> {
  await tx.run('UPDATE uploads SET lease_until = 0 WHERE id = $1 AND lease = $2', [id, holder])
}

/** False when the lease was lost: another request owns the upload now. */
export async function closeUpload(
  tx: SqlWriter,
  id: string,
  holder: string,
  end:
    | { readonly state: 'done'; readonly digest: Digest; readonly size: number; readonly now: Date }
    | { readonly state: 'aborted'; readonly now: Date },
): Promise<boolean> {
  const changed = await tx.run(
    `UPDATE uploads SET state = $1, digest = $2, size = COALESCE($3, size), lease = NULL, lease_until = NULL,
       touched_at = $4
     WHERE id = $5 AND lease = $6 AND state = 'open'`,
    [
      end.state,
      end.state === 'done' ? end.digest : null,
      end.state === 'done' ? end.size : null,
      end.now.getTime(),
      id,
      holder,
    ],
  )
  return changed === 1
}

/** A single process owns an embedded store: no writer of a former one is alive. */
export async function releaseAllUploads(tx: SqlWriter): Promise<void> {
  await tx.run('UPDATE uploads SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL')
}

/** Uploads untouched since `before` that no request holds. */
export async function listIdleUploads(
  reader: SqlReader,
  before: Date,
  limit: number,
): Promise<readonly Upload[]> {
  const rows = await reader.all(
    `SELECT id, repository_id, principal_id, algorithm, size, last_part_size, has_short_part, storage_key,
       lease, state, digest, touched_at
     FROM uploads WHERE touched_at < $1 AND (lease IS NULL OR lease_until < $1) ORDER BY touched_at LIMIT $2`,
    [before.getTime(), limit],
  )
  return rows.map(uploadOf)
}

export async function deleteUploadRow(tx: SqlWriter, id: string): Promise<void> {
  await tx.run('DELETE FROM uploads WHERE id = $1', [id])
}

export async function listUploadKeys(
  reader: SqlReader,
  repositoryId: number,
): Promise<readonly StorageKey[]> {
  const rows = await reader.all(
    `SELECT storage_key FROM uploads WHERE repository_id = $1 AND state = 'open'`,
    [repositoryId],
  )
  return rows.map(storageKeyOf)
}

function uploadOf(row: SqlRow): Upload {
  const algorithm = parseDigestAlgorithm(text(row, 'algorithm'))
  const state = text(row, 'state')
  if (algorithm === undefined || (state !== 'open' && state !== 'done' && state !== 'aborted')) {
    throw new Error(`uploads row ${text(row, 'id')} cannot be read`)
  }
  return {
    id: text(row, 'id'),
    repositoryId: integer(row, 'repository_id'),
    principalId: text(row, 'principal_id'),
    algorithm,
    size: integer(row, 'size'),
    lastPartSize: integer(row, 'last_part_size'),
    hasShortPart: integer(row, 'has_short_part') === 1,
    storageKey: storageKeyOf(row),
    lease: textOrAbsent(row, 'lease'),
    state,
    digest: parseDigest(textOrAbsent(row, 'digest') ?? ''),
    touchedAt: instant(row, 'touched_at'),
  }
}

function storageKeyOf(row: SqlRow): StorageKey {
  const key = parseStorageKey(text(row, 'storage_key'))
  if (key === undefined) throw new Error('uploads.storage_key cannot be read')
  return key
}
