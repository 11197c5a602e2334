// The contract of a feed: a source of vulnerability data, made of parts that are fetched, and may fail, each for itself.
import type { FeedOrigin } from './origin.ts'
import type { RecordText } from '../storage/feeds/record-text.ts'

/** Adding a feed is adding a row of `table.ts`; it knows neither HTTP nor SQL. */
export interface Feed {
  /** Lower-case letters and digits; sources are named after it. */
  readonly name: string
  /** One sentence of what it has. */
  readonly says: string
  /** The address that all paths are relative to; a mirror stands in its place. */
  readonly home: string
  /** What the origin says of the use of its data. */
  readonly licence: string
  /** Whether it is read where nobody chose. */
  readonly isDefault: boolean
  /** As advisories name them, without a release; none for facts about CVEs. */
  readonly ecosystems: readonly string[]
  readonly parts: FeedParts
  /** Fails with a FeedError. */
  readPart(origin: FeedOrigin, request: PartRequest, options: PartOptions): Promise<PartAnswer>
}

/** `v3.20/main` is a part of Alpine's; a feed in one piece has the one part `''`. */
export type FeedParts =
  | {
      readonly kind: 'fixed'
      readonly names: readonly string[]
      /** Parts beside these, which are read where somebody names them. */
      readonly accepts?: (part: string) => boolean
    }
  /** An index at the origin says which there are; one that it stops naming is frozen. Fails with a FeedError. */
  | {
      readonly kind: 'listed'
      list(origin: FeedOrigin, options: PartOptions): Promise<readonly string[]>
    }

export interface PartRequest {
  readonly part: string
  /** What the part's last answer said of the state that is here; undefined where it is to be had as a whole. */
  readonly cursor: string | undefined
  readonly now: Date
}

export interface PartOptions {
  readonly signal: AbortSignal
}

export type PartAnswer =
  | { readonly kind: 'unchanged' }
  /** The origin does not have this part (any more). */
  | { readonly kind: 'absent' }
  | PartState

export interface PartState {
  readonly kind: 'state'
  /** Records in OSV's shape, or lines of a table about CVEs as scanning/rules/cve-facts.ts reads it. */
  readonly holds: 'advisories' | 'cve-facts'
  /** The whole of the part: what it lacks is not said any more. Else records that changed. */
  readonly isWhole: boolean
  /** To be read once, before `release`; ends with a FeedError where the file is damaged. */
  readonly records: AsyncIterable<RecordText>
  /** Ids of records of which the origin itself says that it deleted them. */
  readonly deleted?: readonly string[]
  /** Names this state at the next request. */
  readonly cursor: string | undefined
  /** Removes what was spooled. */
  release(): Promise<void>
}

/** The name under which a part's records are kept: `alpine/v3.20/main`, `kev`. */
export function sourceOf(feed: string, part: string): string {
  return part === '' ? feed : `${feed}/${part}`
}

/** What `osv/Rocky Linux` names: a feed, and a part of it or all of them. */
export function parseFeedChoice(
  text: string,
): { readonly feed: string; readonly part: string | undefined } | undefined {
  const match = /^([a-z][a-z0-9-]{0,31})(?:\/([A-Za-z0-9][A-Za-z0-9._:/ +-]{0,127}))?$/.exec(text)
  const [, feed, part] = match ?? []
  return feed === undefined ? undefined : { feed, part }
}
