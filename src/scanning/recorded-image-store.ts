import type { Distribution } from '../ecosystems/ecosystem.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { listRepositoryTags } from '../registry/repository-tag-store.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import {
  instant,
  instantOrAbsent,
  text,
  textOrAbsent,
  type SqlReader,
} from '../storage/database/database.ts'
import type { RecordedImage } from './finding-record.ts'
import { platformWord } from './rules/platform-word.ts'
import type { ScanKey } from './scan-store.ts'

/** An image whose scan has ended once, as its findings show it; undefined for another one. */
export async function findRecordedImage(
  reader: SqlReader,
  key: ScanKey,
): Promise<RecordedImage | undefined> {
  const { repositoryId, digest } = key
  const row = await reader.first(
    `SELECT r.account, r.name, s.distribution, s.first_completed_at, s.architecture, m.pushed_at, m.pushed_by,
       m.last_pulled_at
     FROM image_scans s JOIN repositories r ON r.id = s.repository_id
       JOIN manifests m ON m.repository_id = s.repository_id AND m.digest = s.digest
     WHERE s.repository_id = $1 AND s.digest = $2 AND s.first_completed_at IS NOT NULL`,
    [repositoryId, digest],
  )
  if (row === undefined) return undefined
  return {
    repositoryId,
    digest,
    account: accountIn(text(row, 'account')),
    repository: text(row, 'name'),
    tags: await listTagsOf(reader, repositoryId, digest),
    repositoryTags: await listRepositoryTags(reader, repositoryId),
    pushedAt: instant(row, 'pushed_at'),
    pushedBy: text(row, 'pushed_by'),
    lastPulledAt: instantOrAbsent(row, 'last_pulled_at'),
    architecture: textOrAbsent(row, 'architecture'),
    platform: platformIn(textOrAbsent(row, 'distribution')),
    firstScannedAt: instant(row, 'first_completed_at'),
  }
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

/** When a revision of the data became visible; of one that is not kept any more, when the next older one did. */
export async function findRevisionTime(reader: SqlReader, revision: number): Promise<Date> {
  const row = await reader.first(
    'SELECT at FROM advisory_revisions WHERE revision <= $1 ORDER BY revision DESC LIMIT 1',
    [revision],
  )
  return row === undefined ? new Date(0) : instant(row, 'at')
}
