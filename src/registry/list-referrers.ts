import type { Digest } from '../oci/digest.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findRepository, type RepositoryAddress } from './repository-store.ts'
import { listReferrerRows, listReferrerSizes, type Referrer } from './manifest-store.ts'

/** Where a page ended. */
export interface ReferrerCursor {
  readonly pushedAt: number
  readonly digest: string
}

/** Clients read at most 4 MiB. A page is cut at this many entries or bytes, which are looked at before the entries are read. */
const maxPageEntries = 1000
const maxPageBytes = 3 * 1024 * 1024
/** What one entry may have: a manifest that is as large as may be is listed without its annotations. */
const maxEntryBytes = 4 * 1024 * 1024 - 1024

/**
 * What refers to the digest, newest first; nothing for a subject or repository that does not exist,
 * because signatures are looked for before and after their subject.
 */
export async function listReferrers(
  reader: SqlReader,
  input: {
    readonly repository: RepositoryAddress
    readonly subject: Digest
    readonly artifactType: string | undefined
    readonly before: ReferrerCursor | undefined
    /** Entries of the page before the filter; 0 for none. */
    readonly limit: number | undefined
  },
): Promise<{ readonly referrers: readonly Referrer[]; readonly next: ReferrerCursor | undefined }> {
  const repository = await findRepository(reader, input.repository)
  const limit = Math.min(input.limit ?? maxPageEntries, maxPageEntries)
  if (repository === undefined || limit === 0) return { referrers: [], next: undefined }
  const before = input.before ?? { pushedAt: Number.MAX_SAFE_INTEGER, digest: '' }
  const sizes = await listReferrerSizes(reader, repository.id, input.subject, {
    before,
    limit: limit + 1,
  })
  const fitting = fittingCount(sizes, limit)
  const page = await listReferrerRows(reader, repository.id, input.subject, {
    before,
    limit: fitting,
    maxEntryBytes,
  })
  const last = page.at(-1)
  const next =
    fitting < sizes.length && last !== undefined
      ? { pushedAt: last.pushedAt.getTime(), digest: last.digest }
      : undefined
  const wanted = (row: Referrer): boolean =>
    input.artifactType === undefined || row.artifactType === input.artifactType
  return { referrers: page.filter(wanted), next }
}

function fittingCount(sizes: readonly number[], limit: number): number {
  let bytes = 0
  for (const [index, size] of sizes.entries()) {
    bytes += 512 + size
    if (index > 0 && (bytes > maxPageBytes || index >= limit)) return index
  }
  return sizes.length
}
