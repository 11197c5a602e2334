// Which feeds, and which parts of them, somebody chose.
import { nearest } from '../lib/nearest.ts'
import { parseFeedChoice, type Feed } from './feed.ts'
import { feeds } from './table.ts'

export interface ChosenFeed {
  readonly feed: Feed
  /** Undefined for all that the feed has. */
  readonly parts: readonly string[] | undefined
}

export type FeedChoice =
  | { readonly kind: 'chosen'; readonly feeds: readonly ChosenFeed[] }
  | { readonly kind: 'refused'; readonly reason: string }

/** Words such as `default`, `none`, `alpine`, `osv/npm`; of a feed that is named with parts, these are read. */
export function chooseFeeds(words: readonly string[]): FeedChoice {
  const chosen = new Map<Feed, Set<string> | undefined>()
  for (const word of words.flatMap(inFull)) {
    const named = nameOf(word)
    if (typeof named === 'string') return { kind: 'refused', reason: named }
    const { feed, part } = named
    if (part === undefined) chosen.set(feed, undefined)
    else if (!chosen.has(feed)) chosen.set(feed, new Set([part]))
    else chosen.get(feed)?.add(part)
  }
  return {
    kind: 'chosen',
    feeds: [...chosen].map(([feed, parts]) => ({ feed, parts: parts && [...parts] })),
  }
}

function inFull(word: string): readonly string[] {
  if (word === 'none') return []
  if (word !== 'default') return [word]
  return feeds.filter(({ isDefault }) => isDefault).map(({ name }) => name)
}

function nameOf(word: string): { readonly feed: Feed; readonly part: string | undefined } | string {
  const named = parseFeedChoice(word)
  const feed = feeds.find(({ name }) => name === named?.feed)
  if (named === undefined || feed === undefined) {
    const names = ['default', 'none', ...feeds.map(({ name }) => name)]
    const near = nearest(word.split('/', 1)[0] ?? '', names)
    const advice = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`
    return `${JSON.stringify(word.slice(0, 80))} is no feed: ${advice}`
  }
  const { part } = named
  if (part === undefined || feed.parts.kind === 'listed') return { feed, part }
  const isKnown = feed.parts.names.includes(part) || feed.parts.accepts?.(part) === true
  if (isKnown) return { feed, part }
  return `${feed.name} has no part ${JSON.stringify(part)}: there are ${feed.parts.names.join(', ')}`
}
