import type { Digest } from '../oci/digest.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readReferrerPage, type ReferrerCursor, type ReferrerPage } from './referrer-page.ts'
import type { Referrer } from './referrer-store.ts'
import { findRepository, type RepositoryAddress } from './repository-store.ts'

const maxPageEntries = 1000

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
): Promise<ReferrerPage> {
  const repository = await findRepository(reader, input.repository)
  const limit = Math.min(input.limit ?? maxPageEntries, maxPageEntries)
  if (repository === undefined || limit === 0) return { referrers: [], next: undefined }
  const { subject, before } = input
  const { referrers, next } = await readReferrerPage(reader, {
    repositoryId: repository.id,
    subject,
    filter: { artifactTypes: [], archived: 'any' },
    before,
    limit,
  })
  const wanted = (row: Referrer): boolean =>
    input.artifactType === undefined || row.artifactType === input.artifactType
  return { referrers: referrers.filter(wanted), next }
}
