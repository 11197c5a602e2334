import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Tag } from '../oci/tag.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listReferrersTags } from './companion-store.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import { isFallbackTag } from './rules/fallback-tag.ts'
import { listTagNames } from './tag-store.ts'

/** A few milliseconds of reading; a list of a hundred thousand is not to hold up the others. */
const readAtOnce = 5000

/** Tags in byte order, strictly after `after`, without referrers tags; `hasMore` when the limit cut the list. */
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
  let limit = Math.min(readAtOnce, input.limit + 1)
  for (let { after } = input; ;) {
    const page = await listTagNames(reader, id, { after, limit })
    tags.push(...(await withoutReferrersTags(reader, id, after, page)))
    after = page.at(-1) ?? after
    const isWhole = page.length < limit
    if (isWhole || tags.length > input.limit) break
    // Many hidden ones in a row are passed over in few steps.
    limit = readAtOnce
    await yieldToEventLoop()
  }
  return { tags: tags.slice(0, input.limit), hasMore: tags.length > input.limit }
}

/** Clients that have the referrers API, as ours do, need no such tag, and people never wrote it. */
async function withoutReferrersTags(
  reader: SqlReader,
  repositoryId: number,
  after: string,
  page: readonly Tag[],
): Promise<readonly Tag[]> {
  const to = page.at(-1)
  if (to === undefined || !page.some(isFallbackTag)) return page
  const hidden = await listReferrersTags(reader, repositoryId, { after, to })
  return page.filter((tag) => !hidden.has(tag))
}
