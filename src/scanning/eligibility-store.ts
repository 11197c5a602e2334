import { parseDigest } from '../oci/digest.ts'
import {
  instant,
  instantOrAbsent,
  integer,
  integerOrAbsent,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import type { LeftScanning } from './image-scan.ts'
import type { ImageDates } from './rules/rescan-eligibility.ts'
import type { ScanKey } from './scan-store.ts'

export interface DatedImage extends ScanKey, ImageDates {}

/**
 * Manifests of a repository that were pushed before a moment, in order of push time. `isRenewed`: scanned, and with
 * findings that are renewed; the others are passed over by who asks, so that a page costs the same however many there are.
 */
export async function listAgedImages(
  reader: SqlReader,
  repositoryId: number,
  page: {
    readonly before: Date
    readonly after: { readonly pushedAt: number; readonly digest: string }
    readonly limit: number
  },
): Promise<readonly (DatedImage & { readonly isRenewed: boolean })[]> {
  // In the order of manifests_pushed.
  const rows = await reader.all(
    `SELECT m.digest, m.pushed_at, m.last_pulled_at,
       CASE WHEN s.completed_at IS NOT NULL AND s.left_at IS NULL THEN 1 ELSE 0 END AS is_renewed
     FROM manifests m LEFT JOIN image_scans s ON s.repository_id = m.repository_id AND s.digest = m.digest
     WHERE m.repository_id = $1 AND m.pushed_at < $2 AND (m.pushed_at > $3 OR (m.pushed_at = $3 AND m.digest > $4))
     ORDER BY m.pushed_at, m.digest LIMIT $5`,
    [repositoryId, page.before.getTime(), page.after.pushedAt, page.after.digest, page.limit],
  )
  return rows.map((row) => ({
    ...datedImage(row, repositoryId),
    isRenewed: integer(row, 'is_renewed') === 1,
  }))
}

/** Images of a repository that left, in order, after a digest. */
export async function listLeftImages(
  reader: SqlReader,
  repositoryId: number,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly (DatedImage & { readonly left: LeftScanning })[]> {
  const rows = await reader.all(
    `SELECT s.digest, s.left_at, s.left_revision, m.pushed_at, m.last_pulled_at FROM image_scans s
     JOIN manifests m ON m.repository_id = s.repository_id AND m.digest = s.digest
     WHERE s.repository_id = $1 AND s.left_at IS NOT NULL AND s.digest > $2 ORDER BY s.digest LIMIT $3`,
    [repositoryId, page.after, page.limit],
  )
  return rows.map((row) => ({
    ...datedImage(row, repositoryId),
    left: { at: instant(row, 'left_at'), revision: integer(row, 'left_revision') },
  }))
}

/** What decides whether an image that left is back: its dates, and whose it is. Undefined when it was deleted. */
export async function findImageDates(
  reader: SqlReader,
  key: ScanKey,
): Promise<(ImageDates & { readonly account: string }) | undefined> {
  const row = await reader.first(
    `SELECT m.digest, m.pushed_at, m.last_pulled_at, r.account FROM manifests m JOIN repositories r ON r.id = m.repository_id
     WHERE m.repository_id = $1 AND m.digest = $2`,
    [key.repositoryId, key.digest],
  )
  if (row === undefined) return undefined
  return { ...datedImage(row, key.repositoryId), account: text(row, 'account') }
}

/** The oldest revision whose findings an image that left still shows; undefined where none left. */
export async function findOldestLeftRevision(reader: SqlReader): Promise<number | undefined> {
  const row = await reader.first(
    'SELECT MIN(left_revision) AS oldest FROM image_scans WHERE left_at IS NOT NULL',
  )
  return row === undefined ? undefined : integerOrAbsent(row, 'oldest')
}

/** From now on its findings are those of this revision. */
export async function markLeft(tx: SqlWriter, key: ScanKey, left: LeftScanning): Promise<void> {
  await tx.run(
    `UPDATE image_scans SET left_at = $3, left_revision = $4 WHERE repository_id = $1 AND digest = $2`,
    [key.repositoryId, key.digest, left.at.getTime(), left.revision],
  )
}

export async function markReturned(tx: SqlWriter, key: ScanKey): Promise<void> {
  await tx.run(
    `UPDATE image_scans SET left_at = NULL, left_revision = NULL WHERE repository_id = $1 AND digest = $2`,
    [key.repositoryId, key.digest],
  )
}

/** Tells that an image left continuous scanning, or is back. */
export async function recordEligibility(
  tx: SqlWriter,
  { repositoryId, digest }: ScanKey,
  detail: { readonly isEligible: boolean; readonly revision: number },
  now: Date,
): Promise<void> {
  await tx.run(
    `INSERT INTO events (kind, account, resource, detail, at)
     SELECT 'ScanEligibilityChanged', account, name, $2, $3 FROM repositories WHERE id = $1`,
    [repositoryId, JSON.stringify({ digest, ...detail }), now.getTime()],
  )
}

function datedImage(row: SqlRow, repositoryId: number): DatedImage {
  const digest = parseDigest(text(row, 'digest'))
  if (digest === undefined) throw new Error('manifests.digest is not a digest')
  return {
    repositoryId,
    digest,
    pushedAt: instant(row, 'pushed_at'),
    lastPulledAt: instantOrAbsent(row, 'last_pulled_at'),
  }
}
