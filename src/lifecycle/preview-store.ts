import type { LifecycleAction, StorageClass } from './rules/lifecycle-policy.ts'
import {
  instant,
  integer,
  text,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'

export interface StoredPreview {
  readonly text: string
  readonly state: 'running' | 'complete' | 'failed'
  readonly expiring: number
  readonly archiving: number
  readonly startedAt: Date
}

/** What a preview would act on. */
export interface PreviewedImage {
  readonly position: number
  readonly digest: string
  readonly tags: readonly string[]
  readonly pushedAt: Date
  readonly storageClass: StorageClass
  readonly action: LifecycleAction
  readonly rule: number
}

export async function findPreview(
  reader: SqlReader,
  repositoryId: number,
): Promise<StoredPreview | undefined> {
  const row = await reader.first(
    'SELECT text, state, expiring, archiving, started_at FROM lifecycle_previews WHERE repository_id = $1',
    [repositoryId],
  )
  if (row === undefined) return undefined
  const state = text(row, 'state')
  return {
    text: text(row, 'text'),
    state: state === 'complete' || state === 'failed' ? state : 'running',
    expiring: integer(row, 'expiring'),
    archiving: integer(row, 'archiving'),
    startedAt: instant(row, 'started_at'),
  }
}

/** In place of the one before and of its images. */
export async function insertPreview(
  tx: SqlWriter,
  { repositoryId, text: policy }: { readonly repositoryId: number; readonly text: string },
  now: Date,
): Promise<void> {
  await deletePreview(tx, repositoryId)
  await tx.run(
    `INSERT INTO lifecycle_previews (repository_id, text, state, expiring, archiving, started_at)
     VALUES ($1, $2, 'running', 0, 0, $3)`,
    [repositoryId, policy, now.getTime()],
  )
}

async function deletePreview(tx: SqlWriter, repositoryId: number): Promise<void> {
  await tx.run('DELETE FROM lifecycle_previews WHERE repository_id = $1', [repositoryId])
}

export async function insertPreviewImages(
  tx: SqlWriter,
  repositoryId: number,
  images: readonly PreviewedImage[],
): Promise<void> {
  for (const { position, digest, tags, pushedAt, storageClass, action, rule } of images) {
    await tx.run(
      `INSERT INTO lifecycle_preview_images (repository_id, position, digest, tags, pushed_at, storage_class, action, rule)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (repository_id, position) DO NOTHING`,
      [
        repositoryId,
        position,
        digest,
        JSON.stringify(tags),
        pushedAt.getTime(),
        storageClass,
        action,
        rule,
      ],
    )
  }
}

export async function forgetPreviewImages(tx: SqlWriter, repositoryId: number): Promise<void> {
  await tx.run('DELETE FROM lifecycle_preview_images WHERE repository_id = $1', [repositoryId])
}

/** Of the preview that began then; another may have taken its place. */
export async function endPreview(
  tx: SqlWriter,
  preview: {
    readonly repositoryId: number
    readonly startedAt: Date
    readonly state: 'complete' | 'failed'
    readonly expiring: number
    readonly archiving: number
  },
  now: Date,
): Promise<void> {
  await tx.run(
    `UPDATE lifecycle_previews SET state = $3, expiring = $4, archiving = $5, ended_at = $6
     WHERE repository_id = $1 AND started_at = $2`,
    [
      preview.repositoryId,
      preview.startedAt.getTime(),
      preview.state,
      preview.expiring,
      preview.archiving,
      now.getTime(),
    ],
  )
}

/** A page in the order of the preview. */
export async function listPreviewImages(
  reader: SqlReader,
  repositoryId: number,
  page: {
    readonly tagStatus: 'ANY' | 'TAGGED' | 'UNTAGGED'
    readonly after: number
    readonly limit: number
  },
): Promise<readonly PreviewedImage[]> {
  const rows = await reader.all(
    `SELECT position, digest, tags, pushed_at, storage_class, action, rule FROM lifecycle_preview_images
     WHERE repository_id = $1 AND position > $2 AND ($3 = 'ANY' OR ($3 = 'UNTAGGED') = (tags = '[]'))
     ORDER BY position LIMIT $4`,
    [repositoryId, page.after, page.tagStatus, page.limit],
  )
  return rows.map(previewedOf)
}

/** What the preview says of these images: its rows are walked, since nobody asks so of many. */
export async function listPreviewOf(
  reader: SqlReader,
  repositoryId: number,
  digests: readonly string[],
): Promise<readonly PreviewedImage[]> {
  const listed = digests.map((_, at) => `$${at + 2}`).join(', ')
  const rows = await reader.all(
    `SELECT position, digest, tags, pushed_at, storage_class, action, rule FROM lifecycle_preview_images
     WHERE repository_id = $1 AND digest IN (${listed}) ORDER BY position`,
    [repositoryId, ...digests],
  )
  return rows.map(previewedOf)
}

/** Previews that nobody can ask for any more; at most `limit`. */
export async function forgetPreviews(
  tx: SqlWriter,
  { startedBefore, limit }: { readonly startedBefore: Date; readonly limit: number },
): Promise<number> {
  const rows = await tx.all(
    'SELECT repository_id FROM lifecycle_previews WHERE started_at < $1 ORDER BY started_at LIMIT $2',
    [startedBefore.getTime(), limit],
  )
  for (const row of rows) await deletePreview(tx, integer(row, 'repository_id'))
  return rows.length
}

function previewedOf(row: SqlRow): PreviewedImage {
  const tags: unknown = JSON.parse(text(row, 'tags'))
  return {
    position: integer(row, 'position'),
    digest: text(row, 'digest'),
    tags: Array.isArray(tags) ? tags.map(String) : [],
    pushedAt: instant(row, 'pushed_at'),
    storageClass: text(row, 'storage_class') === 'archive' ? 'archive' : 'standard',
    action: text(row, 'action') === 'archive' ? 'archive' : 'expire',
    rule: integer(row, 'rule'),
  }
}
