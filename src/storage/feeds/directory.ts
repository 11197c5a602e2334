import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FeedError, isFeedName, type Feed } from './feed.ts'

/** Files that somebody carried here, for machines without a way to the public sources. */
export function openDirectoryFeed(directory: string): Feed {
  return {
    async fetch(name, validator) {
      if (!isFeedName(name)) throw new FeedError('refused', `"${name}" is not a feed's name`)
      const path = join(directory, name)
      const found = await stat(path).catch((error: unknown) => {
        throw new FeedError('unreachable', `${name} is not in the directory`, { cause: error })
      })
      if (!found.isFile()) throw new FeedError('refused', `${name} is not a file`)
      const present = `${found.size}-${found.mtimeMs}`
      if (present === validator) return { kind: 'unchanged' }
      return { kind: 'fetched', path, validator: present, release: () => Promise.resolve() }
    },
  }
}
