// Every feed that there is. Adding one is adding a row.
import { epssFeed } from './epss.ts'
import type { Feed } from './feed.ts'
import { githubFeed } from './github.ts'
import { goFeed } from './go.ts'
import { kevFeed } from './kev.ts'
import { osvFeed } from './osv.ts'
import { pypaFeed } from './pypa.ts'
import { rubysecFeed } from './rubysec.ts'
import { rustsecFeed } from './rustsec.ts'

export const feeds: readonly Feed[] = [
  osvFeed,
  githubFeed,
  goFeed,
  pypaFeed,
  rubysecFeed,
  rustsecFeed,
  kevFeed,
  epssFeed,
]

export function findFeed(name: string): Feed | undefined {
  return feeds.find((feed) => feed.name === name)
}
