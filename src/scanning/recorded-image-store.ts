import type { Distribution } from '../ecosystems/ecosystem.ts'
import { parseDigest } from '../oci/digest.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { listRepositoryTags } from '../registry/repository-tag-store.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import { findImageUse } from '../running/cluster-image-store.ts'
import {
  instant,
  instantOrAbsent,
  integer,
  integerOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
} from '../storage/database/database.ts'
import type { RecordedImage } from './finding-record.ts'
import { platformWord } from './rules/platform-word.ts'
import type { ScanKey } from './scan-store.ts'

/** An image of which a scan was asked for, as its findings show it; undefined for another one. */
export async function findRecordedImage(
  reader: SqlReader,
  key: ScanKey,
): Promise<RecordedImage | undefined> {
  const { repositoryId, digest } = key
  const row = await reader.first(
    `SELECT r.account, r.name, s.distribution, COALESCE(s.first_completed_at, s.requested_at) AS first_scanned, s.architecture, s.left_revision, m.pushed_at, m.pushed_by,
       m.last_pulled_at
     FROM image_scans s JOIN repositories r ON r.id = s.repository_id
       JOIN manifests m ON m.repository_id = s.repository_id AND m.digest = s.digest
     WHERE s.repository_id = $1 AND s.digest = $2`,
    [repositoryId, digest],
  )
  if (row === undefined) return undefined
  const [account, repository] = [accountIn(text(row, 'account')), text(row, 'name')]
  return {
    repositoryId,
    digest,
    account,
    repository,
    use: await findImageUse(reader, { account, repositoryId, repository, digest }),
    tags: await listTagsOf(reader, repositoryId, digest),
    repositoryTags: await listRepositoryTags(reader, repositoryId),
    pushedAt: instant(row, 'pushed_at'),
    pushedBy: text(row, 'pushed_by'),
    lastPulledAt: instantOrAbsent(row, 'last_pulled_at'),
    architecture: textOrAbsent(row, 'architecture'),
    platform: platformIn(textOrAbsent(row, 'distribution')),
    firstScannedAt: instant(row, 'first_scanned'),
    asOf: integerOrAbsent(row, 'left_revision'),
  }
}

export interface RepositoryRow {
  readonly id: number
  readonly name: string
}

/** Repositories of an account in order of names, or the other way round; `after` is that of the last one seen. */
export async function listRepositoryRows(
  reader: SqlReader,
  account: AccountId,
  page: {
    readonly after: string | undefined
    readonly descending: boolean
    readonly limit: number
  },
): Promise<readonly RepositoryRow[]> {
  const { after, descending, limit } = page
  const rows = await reader.all(
    descending
      ? `SELECT id, name FROM repositories WHERE account = $1 AND name < $2 ORDER BY name DESC LIMIT $3`
      : `SELECT id, name FROM repositories WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3`,
    [account, after ?? (descending ? '~' : ''), limit],
  )
  return rows.map((row) => ({ id: integer(row, 'id'), name: text(row, 'name') }))
}

export async function findRepositoryRow(
  reader: SqlReader,
  account: AccountId,
  name: string,
): Promise<RepositoryRow | undefined> {
  const row = await reader.first(
    'SELECT id, name FROM repositories WHERE account = $1 AND name = $2',
    [account, name],
  )
  return row === undefined ? undefined : { id: integer(row, 'id'), name: text(row, 'name') }
}

/** Images of a repository whose scan has ended once, by digest between two texts, either exclusive. */
export async function listScannedDigests(
  reader: SqlReader,
  repositoryId: number,
  page: { readonly after: string; readonly before?: string; readonly limit: number },
): Promise<readonly ScanKey[]> {
  const rows = await reader.all(
    `SELECT repository_id, digest FROM image_scans
     WHERE repository_id = $1 AND digest > $2 AND digest < $3 AND first_completed_at IS NOT NULL
     ORDER BY digest LIMIT $4`,
    [repositoryId, page.after, page.before ?? '~', page.limit],
  )
  return rows.flatMap(keyOf)
}

/** The image of that digest in each repository of the account that has it. */
export async function listScansOfDigest(
  reader: SqlReader,
  account: AccountId,
  digest: string,
  limit: number,
): Promise<readonly ScanKey[]> {
  const rows = await reader.all(
    `SELECT s.repository_id, s.digest FROM image_scans s JOIN repositories r ON r.id = s.repository_id
     WHERE s.digest = $2 AND r.account = $1 AND s.first_completed_at IS NOT NULL ORDER BY s.repository_id LIMIT $3`,
    [account, digest, limit],
  )
  return rows.flatMap(keyOf)
}

/** A moment of an image and its name, by which lists over all repositories go on. */
export interface DatedImage extends ScanKey {
  readonly at: number
}

/** Images of an account whose scan has ended once, in order of one of their moments, then repository and digest. */
export async function listDatedImages(
  reader: SqlReader,
  account: AccountId,
  page: {
    readonly by: 'pushedAt' | 'firstScannedAt'
    readonly descending: boolean
    readonly after:
      { readonly at: number; readonly repositoryId: number; readonly digest: string } | undefined
    readonly limit: number
  },
): Promise<readonly DatedImage[]> {
  const column = page.by === 'pushedAt' ? 'm.pushed_at' : 's.first_completed_at'
  const [sign, order] = page.descending ? ['<', 'DESC'] : ['>', 'ASC']
  const edge = page.descending ? Number.MAX_SAFE_INTEGER : -1
  const { at = edge, repositoryId = 0, digest = '' } = page.after ?? {}
  const rows = await reader.all(
    `SELECT s.repository_id, s.digest, ${column} AS at FROM image_scans s
       JOIN repositories r ON r.id = s.repository_id
       JOIN manifests m ON m.repository_id = s.repository_id AND m.digest = s.digest
     WHERE r.account = $1 AND s.first_completed_at IS NOT NULL
       AND (${column} ${sign} $2 OR (${column} = $2 AND (s.repository_id > $3 OR (s.repository_id = $3 AND s.digest > $4))))
     ORDER BY ${column} ${order}, s.repository_id, s.digest LIMIT $5`,
    [account, at, repositoryId, digest, page.limit],
  )
  return rows.flatMap((row) => keyOf(row).map((key) => ({ ...key, at: integer(row, 'at') })))
}

function keyOf(row: SqlRow): readonly ScanKey[] {
  const digest = parseDigest(text(row, 'digest'))
  return digest === undefined ? [] : [{ repositoryId: integer(row, 'repository_id'), digest }]
}

function platformIn(column: string | undefined): string | undefined {
  if (column === undefined) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by finishScan from a value of this type
  return platformWord(JSON.parse(column) as Distribution)
}

function accountIn(column: string): AccountId {
  const account = parseAccountId(column)
  if (account === undefined) throw new Error('repositories.account is no account')
  return account
}

export async function countScannedImages(reader: SqlReader, account: AccountId): Promise<number> {
  const row = await reader.first(
    `SELECT COUNT(*) AS n FROM image_scans s JOIN repositories r ON r.id = s.repository_id
     WHERE r.account = $1 AND s.first_completed_at IS NOT NULL`,
    [account],
  )
  return row === undefined ? 0 : integer(row, 'n')
}

/** The oldest data of which an image's findings are; undefined while all are of the newest. */
export async function findOldestLeftRevision(reader: SqlReader): Promise<number | undefined> {
  const row = await reader.first(
    'SELECT MIN(left_revision) AS revision FROM image_scans WHERE left_at IS NOT NULL',
  )
  return row === undefined ? undefined : integerOrAbsent(row, 'revision')
}

/** When a revision of the data became visible; of one that is not kept any more, when the next older one did. */
export async function findRevisionTime(reader: SqlReader, revision: number): Promise<Date> {
  const row = await reader.first(
    'SELECT at FROM advisory_revisions WHERE revision <= $1 ORDER BY revision DESC LIMIT 1',
    [revision],
  )
  return row === undefined ? new Date(0) : instant(row, 'at')
}
