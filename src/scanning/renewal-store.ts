import { parseDigest } from '../oci/digest.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { integer, text, type SqlReader, type SqlRow } from '../storage/database/database.ts'
import type { ScanKey } from './scan-store.ts'

/** A place in the order of engines, repositories and digests. */
export interface EnginePlace {
  readonly engine: string
  readonly repositoryId: number
  readonly digest: string
}

export interface OutdatedImage extends ScanKey {
  readonly engine: string
  readonly account: AccountId
  /** Out of continuous scanning: not to be read again. */
  readonly isLeft: boolean
}

/** Images that another engine read, after a place. */
export async function listOutdatedImages(
  reader: SqlReader,
  {
    engine,
    after,
    limit,
  }: {
    readonly engine: string
    readonly after: EnginePlace
    readonly limit: number
  },
): Promise<readonly OutdatedImage[]> {
  // Two ranges of image_scans_engine: between them lie all images that are as they should be.
  const ranges = [
    { from: after, condition: 's.extractor_revision < $1' },
    {
      from: after.engine > engine ? after : { engine, repositoryId: 0, digest: '' },
      condition: 's.extractor_revision > $1',
    },
  ]
  for (const { from, condition } of ranges) {
    const rows = await reader.all(
      `SELECT s.extractor_revision, s.repository_id, s.digest, s.left_at, r.account FROM image_scans s
       JOIN repositories r ON r.id = s.repository_id
       WHERE ${condition} AND (s.extractor_revision, s.repository_id, s.digest) > ($2, $3, $4)
       ORDER BY s.extractor_revision, s.repository_id, s.digest LIMIT $5`,
      [engine, from.engine, from.repositoryId, from.digest, limit],
    )
    if (rows.length > 0) return rows.map(outdatedImage)
  }
  return []
}

/** Manifests of a repository in order of push time, after a place, and whether a scan was ever asked of each. */
export async function listAskedScans(
  reader: SqlReader,
  repositoryId: number,
  page: {
    readonly after: { readonly pushedAt: number; readonly digest: string }
    readonly limit: number
  },
): Promise<readonly (ScanKey & { readonly pushedAt: number; readonly isAsked: boolean })[]> {
  const { after, limit } = page
  const rows = await reader.all(
    `SELECT m.digest, m.pushed_at, s.status FROM manifests m
     LEFT JOIN image_scans s ON s.repository_id = m.repository_id AND s.digest = m.digest
     WHERE m.repository_id = $1 AND (m.pushed_at > $2 OR (m.pushed_at = $2 AND m.digest > $3))
     ORDER BY m.pushed_at, m.digest LIMIT $4`,
    [repositoryId, after.pushedAt, after.digest, limit],
  )
  return rows.map((row) => ({
    repositoryId,
    digest: digestOf(row),
    pushedAt: integer(row, 'pushed_at'),
    isAsked: row['status'] !== null,
  }))
}

function outdatedImage(row: SqlRow): OutdatedImage {
  const account = parseAccountId(text(row, 'account'))
  if (account === undefined) throw new Error('repositories.account cannot be read')
  return {
    engine: text(row, 'extractor_revision'),
    repositoryId: integer(row, 'repository_id'),
    digest: digestOf(row),
    account,
    isLeft: row['left_at'] !== null,
  }
}

function digestOf(row: SqlRow): ScanKey['digest'] {
  const digest = parseDigest(text(row, 'digest'))
  if (digest === undefined) throw new Error('a digest of a scan cannot be read')
  return digest
}
