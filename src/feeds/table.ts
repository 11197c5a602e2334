// Every feed that there is. Adding one is adding a row.
import { amazonFeed } from './amazon/feed.ts'
import { debianFeed } from './debian/feed.ts'
import { echoFeed } from './echo/feed.ts'
import { epssFeed } from './epss.ts'
import type { Feed } from './feed.ts'
import { fedoraFeed } from './fedora/feed.ts'
import { githubFeed } from './github.ts'
import { goFeed } from './go.ts'
import { kevFeed } from './kev.ts'
import { azureFeed, oracleFeed } from './oval/feeds.ts'
import { almalinuxFeed, rockyFeed, suseFeed, ubuntuFeed } from './osv-distributions.ts'
import { osvFeed } from './osv.ts'
import { photonFeed } from './photon/feed.ts'
import { pypaFeed } from './pypa.ts'
import { redhatFeed } from './redhat/feed.ts'
import { rubysecFeed } from './rubysec.ts'
import { rustsecFeed } from './rustsec.ts'
import { alpineFeed, chainguardFeed, minimosFeed, wolfiFeed } from './secdb/feeds.ts'

export const feeds: readonly Feed[] = [
  debianFeed,
  ubuntuFeed,
  alpineFeed,
  wolfiFeed,
  chainguardFeed,
  minimosFeed,
  echoFeed,
  redhatFeed,
  almalinuxFeed,
  rockyFeed,
  amazonFeed,
  oracleFeed,
  fedoraFeed,
  suseFeed,
  photonFeed,
  azureFeed,
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
