// Every feed that there is. Adding one is adding a row.
import { epssFeed } from './epss.ts'
import type { Feed } from './feed.ts'
import { kevFeed } from './kev.ts'
import { osvFeed } from './osv.ts'

export const feeds: readonly Feed[] = [osvFeed, kevFeed, epssFeed]

export function findFeed(name: string): Feed | undefined {
  return feeds.find((feed) => feed.name === name)
}
