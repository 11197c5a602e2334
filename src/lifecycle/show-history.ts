import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import { findRepository, type RepositoryAddress } from '../registry/repository-store.ts'
import { listTagChanges, type StoredTagChange } from '../registry/tag-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import {
  listRecords,
  listRecordsOfDigest,
  listRecordsOfTag,
  type LifecycleRecord,
} from './record-store.ts'
import { listRuns, type LifecycleRun } from './run-store.ts'

export interface LifecycleHistory {
  /** Newest first. */
  readonly records: readonly LifecycleRecord[]
  /** Who moved the tag, newest first; empty where no tag is asked for, and for a repository that is gone. */
  readonly tagChanges: readonly StoredTagChange[]
  /** Newest first; none where an image is asked for. */
  readonly runs: readonly LifecycleRun[]
  /** Id before which more records are. */
  readonly next: number | undefined
}

export interface HistoryQuestion {
  readonly repository: RepositoryAddress
  readonly of:
    | { readonly kind: 'tag'; readonly tag: Tag }
    | { readonly kind: 'digest'; readonly digest: Digest }
    | { readonly kind: 'repository' }
  readonly before: number | undefined
  readonly limit: number
}

/** Where did it go? Also of images, tags and repositories that are no more. */
export async function showHistory(
  reader: SqlReader,
  { repository, of, before = Number.MAX_SAFE_INTEGER, limit }: HistoryQuestion,
): Promise<LifecycleHistory> {
  const place = { account: repository.account, repository: repository.name }
  const page = { before, limit: limit + 1 }
  const found = await (of.kind === 'tag'
    ? listRecordsOfTag(reader, place, { ...page, tag: of.tag })
    : of.kind === 'digest'
      ? listRecordsOfDigest(reader, place, { ...page, digest: of.digest })
      : listRecords(reader, place, page))
  const records = found.slice(0, limit)
  const here = of.kind === 'tag' ? await findRepository(reader, repository) : undefined
  return {
    records,
    tagChanges:
      of.kind === 'tag' && here !== undefined
        ? await listTagChanges(reader, here.id, { tag: of.tag, limit })
        : [],
    runs: of.kind === 'repository' ? await listRuns(reader, repository, limit) : [],
    next: found.length > limit ? records.at(-1)?.id : undefined,
  }
}
