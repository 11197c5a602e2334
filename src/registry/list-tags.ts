import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Tag } from '../oci/tag.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import { listTagNames } from './tag-store.ts'

/** A few milliseconds of reading; a list of a hundred thousand is not to hold up the others. */
const readAtOnce = 5000

/** Tags in byte order, strictly after `after`; `hasMore` when the limit cut the list. */
export async function listTags(
  reader: SqlReader,
  input: {
    readonly repository: RepositoryAddress
    readonly after: string
    readonly limit: number
  },
): Promise<{ readonly tags: readonly Tag[]; readonly hasMore: boolean }> {
  const { id } = await getRepository(reader, input.repository)
  const tags: Tag[] = []
  for (let { after } = input; ;) {
    const limit = Math.min(readAtOnce, input.limit + 1 - tags.length)
    const page = await listTagNames(reader, id, { after, limit })
    tags.push(...page)
    after = page.at(-1) ?? after
    const isWhole = page.length < limit
    if (isWhole || tags.length > input.limit) break
    await yieldToEventLoop()
  }
  return { tags: tags.slice(0, input.limit), hasMore: tags.length > input.limit }
}
