import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import {
  listChildRows,
  listImageFacts,
  listTagRows,
  withTags,
  type ImageFacts,
  type TagOfImage,
} from './image-facts-store.ts'

/** Rows of one statement; requests have their turn between two. */
const pageSize = 1000

/**
 * All images of a repository, some 500 bytes of memory each. The pages are of different moments: whoever acts on what is
 * found looks again at what it acts on.
 */
export async function readImages(
  reader: SqlReader,
  repositoryId: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly ImageFacts[]> {
  const tags = await readTags(reader, repositoryId, signal)
  const holders = await readHolders(reader, repositoryId, signal)
  const images: ImageFacts[] = []
  let after = { pushedAt: -1, digest: '' }
  for (;;) {
    const page = await listImageFacts(reader, repositoryId, { after, limit: pageSize })
    for (const image of page) {
      const { digest } = image
      images.push({ ...withTags(image, tags.get(digest) ?? []), heldBy: holders.get(digest) ?? [] })
    }
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return images
    after = last
    signal.throwIfAborted()
    await yieldToEventLoop()
  }
}

async function readTags(
  reader: SqlReader,
  repositoryId: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly TagOfImage[]>> {
  const tags = new Map<string, TagOfImage[]>()
  let after = ''
  for (;;) {
    const page = await listTagRows(reader, repositoryId, { after, limit: pageSize })
    for (const tag of page) append(tags, tag.digest, tag)
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return tags
    after = last.tag
    signal.throwIfAborted()
    await yieldToEventLoop()
  }
}

async function readHolders(
  reader: SqlReader,
  repositoryId: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const holders = new Map<string, string[]>()
  let after = { index: '', position: -1 }
  for (;;) {
    const page = await listChildRows(reader, repositoryId, { after, limit: pageSize })
    for (const { child, index } of page) if (child !== index) append(holders, child, index)
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return holders
    after = last
    signal.throwIfAborted()
    await yieldToEventLoop()
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const present = map.get(key)
  if (present === undefined) map.set(key, [value])
  else if (!present.includes(value)) present.push(value)
}
