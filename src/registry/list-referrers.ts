import type { Digest } from '../oci/digest.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findRepository, type RepositoryAddress } from './repository-store.ts'
import { listReferrerRows, type Referrer } from './manifest-store.ts'

/** Where a page ended. */
export interface ReferrerCursor {
  readonly pushedAt: number
  readonly digest: string
}

/** A page is cut at this many entries or bytes of annotations: clients read at most 4 MiB. */
const maxPageEntries = 1000
const maxPageBytes = 3 * 1024 * 1024

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
  const rows = await listReferrerRows(reader, repository.id, input.subject, {
    before,
    limit: limit + 1,
  })
  const page = rows.slice(0, fittingCount(rows, limit))
  const last = page.at(-1)
  const next =
    page.length < rows.length && last !== undefined
      ? { pushedAt: last.pushedAt.getTime(), digest: last.digest }
      : undefined
  const wanted = (row: Referrer): boolean =>
    input.artifactType === undefined || row.artifactType === input.artifactType
  return { referrers: page.filter(wanted), next }
}

function fittingCount(rows: readonly Referrer[], limit: number): number {
  let bytes = 0
  for (const [index, row] of rows.entries()) {
    bytes += 512 + Buffer.byteLength(row.annotations ?? '')
    if (index > 0 && (bytes > maxPageBytes || index >= limit)) return index
  }
  return rows.length
}
