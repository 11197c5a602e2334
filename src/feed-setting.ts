// The settings of feeds: which are read, how often, and from where.
import { parseUrl, wholeBetween } from './setting-values.ts'

export interface FeedSetting {
  /** `default`, `none`, names of feeds and of parts of them. */
  readonly chosen: readonly string[]
  /** Time between two refreshes, in minutes; 0 for never by schedule. */
  readonly everyMinutes: number
  /** A base address by the name of a feed, or for all of them. */
  readonly mirrors: FeedMirrors
  /** As the variables of these names have it. */
  readonly proxy: {
    readonly httpProxy: string | undefined
    readonly httpsProxy: string | undefined
    readonly noProxy: string | undefined
  }
}

export interface FeedMirrors {
  /** Stands in for the home of each feed, which is below it by its name. */
  readonly all: string | undefined
  readonly byFeed: ReadonlyMap<string, string>
}

export const feedSettings = {
  feeds: {
    environment: 'PRATIQUE_FEEDS',
    fallback: 'default',
    says: 'feeds to read, divided by commas: default, none, or names as in docs/feeds.md (alpine, osv/npm)',
  },
  feedEveryMinutes: {
    environment: 'PRATIQUE_FEED_EVERY_MINUTES',
    fallback: '120',
    says: 'minutes between two refreshes of a feed, or 0 (only `pratique db update` refreshes)',
  },
  feedMirrors: {
    environment: 'PRATIQUE_FEED_MIRRORS',
    fallback: '',
    says: 'addresses (https:, http:, file:) in place of the public ones: one for all feeds, or NAME=ADDRESS,…',
  },
  osvUrl: {
    environment: 'PRATIQUE_OSV_URL',
    fallback: '',
    says: 'address in place of the public OSV archive; the same as osv=ADDRESS in PRATIQUE_FEED_MIRRORS',
  },
} as const

type Read = <T>(
  name: keyof typeof feedSettings,
  parse: (text: string) => T | undefined,
  expected: string,
  fallback: T,
) => T

export function feedsFrom(
  read: Read,
  environment: Readonly<Record<string, string | undefined>>,
): FeedSetting {
  const osvUrl = read('osvUrl', orEmpty(parseUrl), 'an http or https address', '')
  const mirrors = read(
    'feedMirrors',
    parseMirrors,
    'an address (https:, http: or file:), or NAME=ADDRESS,…',
    { all: undefined, byFeed: new Map() },
  )
  const byFeed = osvUrl === '' ? mirrors.byFeed : new Map([['osv', osvUrl], ...mirrors.byFeed])
  return {
    chosen: read('feeds', parseChosen, 'names of feeds divided by commas', ['none']),
    everyMinutes: read(
      'feedEveryMinutes',
      wholeBetween(0, 10_080),
      'whole minutes from 0 to 10080',
      0,
    ),
    mirrors: { ...mirrors, byFeed },
    proxy: proxyOf(environment),
  }
}

function orEmpty<T>(parse: (text: string) => T | undefined): (text: string) => T | '' | undefined {
  return (text) => (text === '' ? '' : parse(text))
}

function parseChosen(text: string): readonly string[] | undefined {
  const words = text.split(',').map((word) => word.trim())
  return words.every((word) => /^[a-z][A-Za-z0-9._:/ +-]{0,160}$/.test(word)) ? words : undefined
}

function parseMirrors(text: string): FeedMirrors | undefined {
  if (text === '') return { all: undefined, byFeed: new Map() }
  const whole = parseBase(text)
  if (whole !== undefined) return { all: whole, byFeed: new Map() }
  const byFeed = new Map<string, string>()
  for (const entry of text.split(',')) {
    const [, name, address] = /^\s*([a-z][a-z0-9-]{0,31})=(\S+)\s*$/.exec(entry) ?? []
    const base = address === undefined ? undefined : parseBase(address)
    if (name === undefined || base === undefined || byFeed.has(name)) return undefined
    byFeed.set(name, base)
  }
  return { all: undefined, byFeed }
}

function parseBase(text: string): string | undefined {
  const isDirectory = /^file:\/\/\/[^,?#]*$/.test(text) && URL.canParse(text)
  return isDirectory ? text.replace(/\/+$/, '') : parseUrl(text)
}

/** Lower case first, as curl has it; HTTP_PROXY in capitals is safe here, since nothing here is a CGI program. */
function proxyOf(environment: Readonly<Record<string, string | undefined>>): FeedSetting['proxy'] {
  const variable = (name: string): string | undefined => {
    const value = environment[name.toLowerCase()] ?? environment[name]
    return value === '' ? undefined : value
  }
  return {
    httpProxy: variable('HTTP_PROXY'),
    httpsProxy: variable('HTTPS_PROXY'),
    noProxy: variable('NO_PROXY'),
  }
}
