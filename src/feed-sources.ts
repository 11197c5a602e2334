// The feeds that this server reads, bound to where it reads them.
import type { Config } from './config.ts'
import { chooseFeeds } from './feeds/choice.ts'
import type { Feed } from './feeds/feed.ts'
import { openOrigin, type FeedOrigin } from './feeds/origin.ts'
import { findFeed } from './feeds/table.ts'
import { StartError, type Foundation } from './foundation.ts'
import { systemRest } from './lib/rest.ts'
import type { FeedSources } from './scanning/refresh-feeds.ts'
import { openTransport } from './storage/feeds/transports.ts'

/** A name that no feed has, in any of the settings, stops the start. */
export function openFeedSources(
  { feeds: setting }: Config,
  { ids, clock, paths }: Foundation,
): FeedSources {
  const choice = chooseFeeds(setting.chosen)
  if (choice.kind === 'refused') throw new StartError(`PRATIQUE_FEEDS: ${choice.reason}`)
  for (const name of setting.mirrors.byFeed.keys()) {
    if (findFeed(name) === undefined)
      throw new StartError(`PRATIQUE_FEED_MIRRORS: there is no feed ${name}`)
  }
  const directory = paths.temporary
  const deps = { ids, clock, rest: systemRest, directory, proxy: setting.proxy }
  const transport = openTransport(deps)
  const { all, byFeed } = setting.mirrors
  const originOf = ({ name, home }: Feed): FeedOrigin => {
    const base = byFeed.get(name) ?? (all === undefined ? home : `${all}/${name}`)
    return openOrigin(transport, new URL(base))
  }
  return {
    chosen: choice.feeds,
    originOf,
    everyMs: setting.everyMinutes * 60_000,
    rest: systemRest,
  }
}
