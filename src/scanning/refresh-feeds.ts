// Which parts of which feeds are due, and the jobs that refresh them.
import type { ChosenFeed } from '../feeds/choice.ts'
import { sourceOf, type Feed } from '../feeds/feed.ts'
import { enqueue, housekeepingPriority } from '../jobs/queue.ts'
import { chanceOf } from '../lib/ids.ts'
import {
  forgetFailedPart,
  listFeedParts,
  writePartFrozen,
  type FeedPart,
} from './feed-part-store.ts'
import {
  indexPart,
  noteIndex,
  refreshPart,
  type PartRefresh,
  type RefreshDeps,
  type RefreshFailure,
} from './refresh-part.ts'
import { isDue, nextRefresh } from './rules/refresh-times.ts'

/** Asks for what is due. */
export const scheduleFeedsJob = 'schedule-feeds'
/** Asks an origin for its parts, then for those that are due. */
export const refreshFeedJob = 'refresh-feed'
export const refreshPartJob = 'refresh-feed-part'

export interface FeedSources extends Pick<RefreshDeps, 'originOf' | 'everyMs' | 'rest'> {
  /** Those that the settings name. */
  readonly chosen: readonly ChosenFeed[]
}

export type FeedJobDeps = RefreshDeps & Pick<FeedSources, 'chosen'>

/** A job for each feed whose parts are to be listed, and for each part that is due. */
export async function scheduleFeeds(deps: FeedJobDeps): Promise<void> {
  const now = deps.clock.now()
  const all = await listFeedParts(deps.database)
  const known = new Map(all.map((part) => [part.name, part]))
  for (const { name, feed, part, failure } of all) {
    if (failure !== undefined && !isChosen(deps, feed, part))
      await deps.database.transaction((tx) => forgetFailedPart(tx, name))
  }
  for (const { feed, parts } of deps.chosen) {
    const isListed = parts === undefined && feed.parts.kind === 'listed'
    if (isListed && isPartDue(known, now, feed, indexPart)) {
      await ask(deps, refreshFeedJob, feed.name, { feed: feed.name })
      continue
    }
    const names = isListed ? knownParts(known, feed) : (parts ?? fixedParts(feed))
    await askForParts(
      deps,
      feed,
      names.filter((part) => isPartDue(known, now, feed, part)),
    )
  }
}

/** A job for each part that is due of a feed whose index says which there are; undefined where nobody wants it now. */
export async function refreshFeed(
  deps: FeedJobDeps,
  input: unknown,
  options: { readonly signal: AbortSignal },
): Promise<PartRefresh | undefined> {
  const feed = chosenFeed(deps, input)
  if (feed === undefined) return undefined
  const source = sourceOf(feed.name, indexPart)
  const listed = await listParts(deps, feed, options)
  if (listed.kind === 'failed') return { ...listed, source }
  const now = deps.clock.now()
  const known = new Map((await listFeedParts(deps.database)).map((part) => [part.name, part]))
  const due = listed.parts.filter((part) => isPartDue(known, now, feed, part))
  await askForParts(deps, feed, due)
  return { kind: 'unchanged', source }
}

export async function refreshPartOf(
  deps: FeedJobDeps,
  input: unknown,
  options: { readonly signal: AbortSignal },
): Promise<PartRefresh | undefined> {
  const feed = chosenFeed(deps, input)
  const part = memberOf(input, 'part')
  return feed && refreshPart(deps, { feed, part, confirmLoss: false }, options)
}

/** Now, whatever is due: each part of the feeds, and how it ended. */
export async function* refreshNow(
  deps: RefreshDeps,
  {
    chosen,
    confirmLoss,
  }: { readonly chosen: readonly ChosenFeed[]; readonly confirmLoss: boolean },
  options: { readonly signal: AbortSignal },
): AsyncGenerator<PartRefresh | { readonly kind: 'progress'; readonly source: string }> {
  for (const { feed, parts } of chosen) {
    const listed =
      parts === undefined
        ? await listParts(deps, feed, options)
        : ({ kind: 'listed', parts } as const)
    if (listed.kind === 'failed') {
      yield { ...listed, source: sourceOf(feed.name, indexPart) }
      continue
    }
    for (const part of listed.parts) {
      options.signal.throwIfAborted()
      yield { kind: 'progress', source: sourceOf(feed.name, part) }
      yield await refreshPart(deps, { feed, part, confirmLoss }, options)
    }
  }
}

type Listed = { readonly kind: 'listed'; readonly parts: readonly string[] } | RefreshFailure

/** All parts of a feed; those that were here and that the origin's index does not name any more are frozen. */
async function listParts(
  deps: RefreshDeps,
  feed: Feed,
  options: { readonly signal: AbortSignal },
): Promise<Listed> {
  if (feed.parts.kind === 'fixed') return { kind: 'listed', parts: feed.parts.names }
  const { parts: index } = feed
  const noted = await noteIndex(deps, feed, () => index.list(deps.originOf(feed), options), options)
  if (noted.kind === 'failed') return noted
  const { database, clock, ids, everyMs } = deps
  const now = clock.now()
  for (const { name, part, checkedAt } of await listFeedParts(database)) {
    const isOfFeed = name === sourceOf(feed.name, part) && part !== indexPart
    if (!isOfFeed || checkedAt === undefined || noted.parts.includes(part)) continue
    const nextAttemptAt = nextRefresh(chanceOf(ids), now, everyMs)
    await database.transaction((tx) => writePartFrozen(tx, name, { nextAttemptAt, now }))
  }
  return noted
}

async function askForParts(deps: FeedJobDeps, feed: Feed, parts: readonly string[]): Promise<void> {
  for (const part of parts)
    await ask(deps, refreshPartJob, sourceOf(feed.name, part), { feed: feed.name, part })
}

async function ask(
  { database, clock }: FeedJobDeps,
  kind: string,
  key: string,
  input: Readonly<Record<string, string>>,
): Promise<void> {
  const job = { kind, key, input, priority: housekeepingPriority }
  await database.transaction((tx) => enqueue(tx, job, clock.now()))
}

/** Whether the settings name the feed, and the part where they name parts. */
export function isChosen(
  { chosen }: Pick<FeedSources, 'chosen'>,
  name: string,
  part: string,
): boolean {
  const found = chosen.find(({ feed }) => feed.name === name)
  return found !== undefined && (found.parts === undefined || found.parts.includes(part))
}

function isPartDue(
  known: ReadonlyMap<string, FeedPart>,
  now: Date,
  feed: Feed,
  part: string,
): boolean {
  const found = known.get(sourceOf(feed.name, part))
  return found === undefined || isDue(now, found)
}

/** A frozen part is asked for when the index names it again. */
function knownParts(known: ReadonlyMap<string, FeedPart>, feed: Feed): readonly string[] {
  return [...known.values()]
    .filter((one) => one.feed === feed.name && one.part !== indexPart && one.frozenAt === undefined)
    .map(({ part }) => part)
}

function fixedParts(feed: Feed): readonly string[] {
  return feed.parts.kind === 'fixed' ? feed.parts.names : []
}

/** Jobs outlive settings: a feed that these do not name any more is left alone. */
function chosenFeed({ chosen }: FeedJobDeps, input: unknown): Feed | undefined {
  const name = memberOf(input, 'feed')
  return chosen.find(({ feed }) => feed.name === name)?.feed
}

function memberOf(input: unknown, name: string): string {
  const value = new Map<string, unknown>(Object.entries(input ?? {})).get(name)
  if (typeof value !== 'string') throw new Error(`a job about feeds does not say its ${name}`)
  return value
}
