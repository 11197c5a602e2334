import type { SegmentInfo, SegmentStore } from '../storage/segments/segment-store.ts'
import type { AuditLog } from './audit-log.ts'
import { listSegments } from './recover-log.ts'
import {
  matchEvent,
  timeOfLine,
  wordsOf,
  type EventQuery,
  type FoundEvent,
} from './rules/match-event.ts'

/** Where a search goes on: before this place. */
export interface SearchCursor {
  readonly segment: string
  readonly offset: number
}

export interface LogSearch {
  readonly query: EventQuery
  readonly limit: number
  readonly before: SearchCursor | undefined
}

export interface SearchPage {
  /** Newest first. */
  readonly events: readonly FoundEvent[]
  /** A page may have few events or none, and yet go on: one search reads only so much. */
  readonly next: SearchCursor | undefined
}

const chunkBytes = 256 * 1024
/** Of the log that one page looks through. */
const pageBytes = 64 * 1024 * 1024
/** A clock that was set back may have put a later line before an earlier one. */
const disorderMs = 10 * 60_000

/** Looks through the log from its end to its beginning, within bounds of memory and time; the cursor goes on. */
export async function searchLog(
  deps: { readonly segments: SegmentStore; readonly log: Pick<AuditLog, 'position'> },
  input: LogSearch,
  { signal }: { readonly signal: AbortSignal },
): Promise<SearchPage> {
  const { query, limit, before } = input
  const search = new Search(query, limit)
  const { segment: last = '', bytes } = await deps.log.position()
  const newest = { segment: last, offset: bytes }
  let budget = pageBytes
  for (const segment of placesBefore(await listSegments(deps.segments), before ?? newest)) {
    let end = segment.bytes
    while (end > 0) {
      signal.throwIfAborted()
      if (budget <= 0)
        return { events: search.events, next: { segment: segment.name, offset: end } }
      const start = Math.max(0, end - chunkBytes)
      const chunk = await deps.segments.read(segment.name, start, end - start)
      if (chunk === undefined) break
      budget -= chunk.byteLength
      const stopped = search.takeBackwards(chunk, start)
      if (search.isOver) return { events: search.events, next: undefined }
      if (search.isFull) {
        return { events: search.events, next: { segment: segment.name, offset: stopped } }
      }
      // A line that is longer than any record is passed over.
      end = stopped < end ? stopped : start
    }
  }
  return { events: search.events, next: undefined }
}

/** The newest first; of the one in which an earlier page ended, what is before that. */
function placesBefore(
  segments: readonly SegmentInfo[],
  before: SearchCursor,
): readonly SegmentInfo[] {
  return segments
    .filter(({ name }) => name <= before.segment)
    .map((one) => (one.name === before.segment ? { ...one, bytes: before.offset } : one))
    .toReversed()
}

class Search {
  readonly events: FoundEvent[] = []
  isOver = false
  readonly #query: EventQuery
  readonly #words: readonly Buffer[]
  readonly #limit: number

  constructor(query: EventQuery, limit: number) {
    this.#query = query
    this.#words = wordsOf(query)
    this.#limit = limit
  }

  get isFull(): boolean {
    return this.events.length >= this.#limit
  }

  /** Takes the whole lines of a chunk that begins at `start`, the last first; gives the place before which the rest is. */
  takeBackwards(chunk: Buffer, start: number): number {
    let end = chunk.byteLength
    while (end > 0) {
      const begin = end < 2 ? 0 : chunk.lastIndexOf(10, end - 2) + 1
      // The beginning of a line that the chunk before this one has the rest of.
      if (begin === 0 && start > 0) return start + end
      this.#take(chunk.subarray(begin, end - 1))
      end = begin
      if (this.isOver || this.isFull) break
    }
    return start + end
  }

  #take(line: Buffer): void {
    const { from } = this.#query
    const time = from === undefined ? undefined : timeOfLine(line)
    if (from !== undefined && time !== undefined && time.getTime() + disorderMs < from.getTime()) {
      this.isOver = true
      return
    }
    if (!this.#words.every((word) => line.includes(word))) return
    const event = matchEvent(this.#query, line)
    if (event !== undefined) this.events.push(event)
  }
}
