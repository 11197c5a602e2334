import type { Digest } from '../oci/digest.ts'
import type { SqlReader } from '../storage/database/database.ts'
import {
  listReferrerRows,
  listReferrerSizes,
  type Referrer,
  type ReferrerFilter,
} from './referrer-store.ts'

/** Where a page ended. */
export interface ReferrerCursor {
  readonly pushedAt: number
  readonly digest: string
}

export interface ReferrerPage {
  readonly referrers: readonly Referrer[]
  readonly next: ReferrerCursor | undefined
}

/** Clients read at most 4 MiB. A page is cut at so many bytes, which are looked at before the entries are read. */
const maxPageBytes = 3 * 1024 * 1024
/** What one entry may have: a manifest that is as large as may be is listed without its annotations. */
const maxEntryBytes = 4 * 1024 * 1024 - 1024

/** What refers to the subject and passes the filter, newest first: from 1 to `limit` entries, as long as there are any. */
export async function readReferrerPage(
  reader: SqlReader,
  input: {
    readonly repositoryId: number
    readonly subject: Digest
    readonly filter: ReferrerFilter
    readonly before: ReferrerCursor | undefined
    readonly limit: number
  },
): Promise<ReferrerPage> {
  const { repositoryId, subject, filter, limit } = input
  const before = input.before ?? { pushedAt: Number.MAX_SAFE_INTEGER, digest: '' }
  const wanted = { before, filter, limit: limit + 1 }
  const sizes = await listReferrerSizes(reader, repositoryId, subject, wanted)
  const fitting = fittingCount(sizes, limit)
  const page = { before, filter, limit: fitting, maxEntryBytes }
  const referrers = await listReferrerRows(reader, repositoryId, subject, page)
  const last = referrers.at(-1)
  const next =
    fitting < sizes.length && last !== undefined
      ? { pushedAt: last.pushedAt.getTime(), digest: last.digest }
      : undefined
  return { referrers, next }
}

function fittingCount(sizes: readonly number[], limit: number): number {
  let bytes = 0
  for (const [index, size] of sizes.entries()) {
    bytes += 512 + size
    if (index > 0 && (bytes > maxPageBytes || index >= limit)) return index
  }
  return sizes.length
}
