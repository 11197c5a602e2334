import type { SqlReader } from '../storage/database/database.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import { listTagRows, type TagRow } from './tag-store.ts'

/** Tags in byte order, strictly after `after`; `hasMore` when the limit cut the list. */
export async function listTags(
  reader: SqlReader,
  input: {
    readonly repository: RepositoryAddress
    readonly after: string
    readonly limit: number
  },
): Promise<{ readonly tags: readonly TagRow[]; readonly hasMore: boolean }> {
  const repository = await getRepository(reader, input.repository)
  const rows = await listTagRows(reader, repository.id, {
    after: input.after,
    limit: input.limit + 1,
  })
  return { tags: rows.slice(0, input.limit), hasMore: rows.length > input.limit }
}
