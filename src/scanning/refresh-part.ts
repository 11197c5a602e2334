import { sourceOf, type Feed, type PartAnswer, type PartState } from '../feeds/feed.ts'
import type { FeedOrigin } from '../feeds/origin.ts'
import { chanceOf } from '../lib/ids.ts'
import type { Rest } from '../lib/rest.ts'
import { FeedError } from '../storage/feeds/transport.ts'
import { confirmAdvisorySource } from './advisory-source-store.ts'
import { hasAbsences } from './advisory-absence-store.ts'
import { isScanningError, type ScanningErrorCode } from './errors.ts'
import {
  findFeedPart,
  forgetPartCursor,
  writePartChecked,
  writePartFailure,
  writePartFrozen,
  type FeedFailureKind,
  type FeedPart,
} from './feed-part-store.ts'
import { importAdvisories, type AdvisoryImportResult } from './import-advisories.ts'
import { importCveFacts, type CveFactImport } from './import-cve-facts.ts'
import type { ImportDeps } from './import-lease.ts'
import { nextAttempt, nextRefresh } from './rules/refresh-times.ts'

export interface RefreshDeps extends ImportDeps {
  readonly rest: Rest
  readonly originOf: (feed: Feed) => FeedOrigin
  /** Time between two refreshes of a part; 0 where nothing is refreshed by schedule. */
  readonly everyMs: number
}

export interface RefreshInput {
  readonly feed: Feed
  readonly part: string
  /** Takes a state in spite of what speaks against it. */
  readonly confirmLoss: boolean
}

export type RefreshOutcome =
  | { readonly kind: 'imported'; readonly result: AdvisoryImportResult }
  | { readonly kind: 'facts'; readonly result: CveFactImport }
  | { readonly kind: 'unchanged' }
  /** The origin does not have the part any more: what it said last stays in force. */
  | { readonly kind: 'frozen'; readonly isNew: boolean }
  | RefreshFailure

export interface RefreshFailure {
  readonly kind: 'failed'
  readonly fault: FeedFailureKind
  readonly reason: string
  readonly nextAttemptAt: Date
  /** The attempt before succeeded, or there was none. */
  readonly isNew: boolean
}

/** How a refresh of one part ended. */
export type PartRefresh = RefreshOutcome & { readonly source: string }

interface Refreshing extends RefreshInput {
  readonly source: string
  readonly known: FeedPart | undefined
}

/**
 * Brings one part of a feed to its newest state. Where that fails, the last good state stays in force, and status says
 * why and since when; only a stop of the server is an error of the caller's.
 */
export async function refreshPart(
  deps: RefreshDeps,
  input: RefreshInput,
  { signal }: { readonly signal: AbortSignal },
): Promise<PartRefresh> {
  const { feed, part } = input
  const source = sourceOf(feed.name, part)
  const known = await findFeedPart(deps.database, source)
  const refreshing = { ...input, source, known }
  try {
    // Records that are gone are to be said twice, so the same state is had once more.
    const cursor = (await hasAbsences(deps.database, source)) ? undefined : known?.cursor
    const request = { part, cursor, now: deps.clock.now() }
    const answer = await feed.readPart(deps.originOf(feed), request, { signal })
    return { source, ...(await take(deps, refreshing, answer, signal)) }
  } catch (error) {
    // The server stops: that is no failure of the feed.
    signal.throwIfAborted()
    return { source, ...(await noteFailure(deps, refreshing, error)) }
  }
}

async function take(
  deps: RefreshDeps,
  refreshing: Refreshing,
  answer: PartAnswer,
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  switch (answer.kind) {
    case 'unchanged':
      await noteChecked(deps, refreshing, undefined)
      return { kind: 'unchanged' }
    case 'absent':
      return freeze(deps, refreshing)
    case 'state':
      try {
        const outcome = await whenFree(
          deps,
          () => bringIn(deps, refreshing, answer, signal),
          signal,
        )
        await noteChecked(deps, refreshing, answer.cursor)
        return outcome
      } catch (error) {
        // What is wrong with single records shows in the whole, which is had next.
        if (!answer.isWhole && isScanningError(error))
          await deps.database.transaction((tx) => forgetPartCursor(tx, refreshing.source))
        throw error
      } finally {
        await answer.release()
      }
    default:
      throw new Error(`a feed answered ${JSON.stringify(answer satisfies never)}`)
  }
}

/** A part that never was here is not frozen, but missing. */
async function freeze(
  { database, clock, ids, everyMs }: RefreshDeps,
  { feed, part, source, known }: Refreshing,
): Promise<RefreshOutcome> {
  if (known?.checkedAt === undefined)
    throw new FeedError('refused', `${feed.name} has no ${part === '' ? 'data' : part}`)
  const now = clock.now()
  const nextAttemptAt = nextRefresh(chanceOf(ids), now, everyMs)
  await database.transaction((tx) => writePartFrozen(tx, source, { nextAttemptAt, now }))
  return { kind: 'frozen', isNew: known.frozenAt === undefined }
}

async function bringIn(
  deps: RefreshDeps,
  { source, confirmLoss }: Refreshing,
  state: PartState,
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  const { records, deleted = [] } = state
  if (state.holds === 'cve-facts') {
    const table = { records, confirmLoss, isOfFeed: true }
    return { kind: 'facts', result: await importCveFacts(deps, table, { signal }) }
  }
  const snapshot = state.isWhole
  const input = { source, origin: 'feed', records, deleted, snapshot, confirmLoss } as const
  return { kind: 'imported', result: await importAdvisories(deps, input, { signal }) }
}

const busyRestMs = 5_000
const busyAttempts = 240

/** Another import has the right of way; it is refused before anything was read. */
async function whenFree<T>(
  { rest }: RefreshDeps,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const isBusy = isScanningError(error) && error.code === 'ADVISORIES_BUSY'
      if (!isBusy || attempt >= busyAttempts) throw error
      await rest(busyRestMs, { signal })
    }
  }
}

/** Stands for the index of a feed's parts, which may fail like one of them. */
export const indexPart = '*'

/** What the index of a feed says of its parts, noted like a refresh. */
export async function noteIndex(
  deps: RefreshDeps,
  feed: Feed,
  list: () => Promise<readonly string[]>,
  { signal }: { readonly signal: AbortSignal },
): Promise<{ readonly kind: 'listed'; readonly parts: readonly string[] } | RefreshFailure> {
  const source = sourceOf(feed.name, indexPart)
  const known = await findFeedPart(deps.database, source)
  const refreshing = { feed, part: indexPart, confirmLoss: false, source, known }
  try {
    const parts = await list()
    if (parts.length === 0) throw new FeedError('malformed', `the index of ${feed.name} is empty`)
    await noteChecked(deps, refreshing, undefined)
    return { kind: 'listed', parts }
  } catch (error) {
    signal.throwIfAborted()
    return noteFailure(deps, refreshing, error)
  }
}

async function noteChecked(
  { database, clock, ids, everyMs }: RefreshDeps,
  { feed, part, source: name }: Refreshing,
  cursor: string | undefined,
): Promise<void> {
  const now = clock.now()
  const nextAttemptAt = nextRefresh(chanceOf(ids), now, everyMs)
  await database.transaction(async (tx) => {
    await writePartChecked(tx, { name, feed: feed.name, part }, { cursor, nextAttemptAt, now })
    await confirmAdvisorySource(tx, name, now)
  })
}

async function noteFailure(
  { database, clock, ids, everyMs }: RefreshDeps,
  { feed, part, source: name, known }: Refreshing,
  error: unknown,
): Promise<RefreshFailure> {
  const now = clock.now()
  const fault = faultOf(error)
  const reason = error instanceof Error ? error.message : 'unknown error'
  const failures = (known?.failure?.count ?? 0) + 1
  const retryAfterMs = error instanceof FeedError ? error.retryAfterMs : undefined
  const nextAttemptAt = nextAttempt(chanceOf(ids), now, { failures, everyMs, retryAfterMs })
  await database.transaction((tx) =>
    writePartFailure(
      tx,
      { name, feed: feed.name, part },
      { kind: fault, reason, nextAttemptAt, now },
    ),
  )
  return { kind: 'failed', fault, reason, nextAttemptAt, isNew: known?.failure === undefined }
}

const heldCodes: readonly ScanningErrorCode[] = [
  'ADVISORIES_LOST',
  'ADVISORIES_REJECTED',
  'ADVISORIES_OLDER',
]

/** What is no fault of a feed's is a fault of ours, and not to be taken for one of the feed. */
function faultOf(error: unknown): FeedFailureKind {
  if (error instanceof FeedError) return error.fault
  if (!isScanningError(error)) throw error
  if (heldCodes.includes(error.code)) return 'held'
  if (error.code === 'ADVISORIES_UNREADABLE') return 'malformed'
  throw error
}
