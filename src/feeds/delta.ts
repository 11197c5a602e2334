// Feeds that are had as a whole from time to time, and by single records in between.
import type { RecordText } from '../storage/feeds/record-text.ts'
import {
  formatDeltaCursor,
  isYoung,
  maxSingles,
  parseDeltaCursor,
  wholeOverlapMs,
  type DeltaCursor,
} from './delta-cursor.ts'
import type { PartAnswer, PartOptions, PartRequest, PartState } from './feed.ts'
import type { RecordChanges } from './record-changes.ts'
import { getText, type FeedOrigin, type TextAnswer } from './origin.ts'
import { wholeState } from './parts.ts'
import { readSingles } from './singles.ts'

/** Where a part's files are. */
export interface DeltaFiles {
  /** Says which records changed when. */
  readonly listPath: string
  /** Ids that changed after `since`, at most `limit`. */
  readonly readList: (
    text: string,
    range: { readonly since: number; readonly limit: number },
  ) => RecordChanges
  readonly recordPath: (id: string) => string
  readonly wholePath: string
  readonly wholeRecords: (path: string) => AsyncIterable<RecordText>
}

const maxListBytes = 256 * 1024 ** 2

/** A few changed records by themselves; many, or where the list cannot be read or the whole is old, the whole. */
export async function readDelta(
  origin: FeedOrigin,
  request: PartRequest,
  files: DeltaFiles,
  options: PartOptions,
): Promise<PartAnswer> {
  const known = parseDeltaCursor(request.cursor)
  const delta = known !== undefined && isYoung(known, request.now) ? known : undefined
  const asked = { maxBytes: maxListBytes, validator: delta?.list }
  const list = await getText(origin, files.listPath, asked, options)
  if (list.kind === 'unchanged') return { kind: 'unchanged' }
  const changes = changesIn(list, files, delta)
  const at = {
    now: request.now,
    list: list.kind === 'text' ? list.validator : undefined,
    newest: changes.kind === 'unreadable' ? undefined : changes.newest,
  }
  if (delta === undefined || changes.kind !== 'changed')
    return readWhole(origin, files, { ...at, known }, options)
  if (changes.ids.length === 0) return { kind: 'unchanged' }
  const paths = changes.ids.map((id) => files.recordPath(id))
  return singles(readSingles(origin, paths, options), delta, at)
}

function changesIn(
  list: TextAnswer,
  { readList }: DeltaFiles,
  delta: DeltaCursor | undefined,
): RecordChanges {
  if (list.kind !== 'text') return { kind: 'unreadable' }
  return readList(list.text, {
    since: delta?.since ?? 0,
    limit: delta === undefined ? 0 : maxSingles,
  })
}

interface ListedAt {
  readonly now: Date
  /** Names the state of the list; undefined where there is none that can be read. */
  readonly list: string | undefined
  /** The newest change that it tells of. */
  readonly newest: number | undefined
}

function singles(
  records: AsyncIterable<RecordText>,
  known: DeltaCursor,
  { list, newest = 0 }: ListedAt,
): PartState {
  return {
    kind: 'state',
    holds: 'advisories',
    isWhole: false,
    records,
    cursor: formatDeltaCursor({ ...known, list, since: Math.max(newest, known.since) }),
    release: () => Promise.resolve(),
  }
}

async function readWhole(
  origin: FeedOrigin,
  files: DeltaFiles,
  at: ListedAt & { readonly known: DeltaCursor | undefined },
  options: PartOptions,
): Promise<PartAnswer> {
  const { known, list, newest, now } = at
  const answer = await origin.get(files.wholePath, { validator: known?.validator }, options)
  if (answer.kind !== 'fetched') return answer
  const since = newest === undefined ? 0 : newest - wholeOverlapMs
  const { validator } = answer
  const cursor = formatDeltaCursor({ since, wholeAt: now.getTime(), validator, list })
  return { ...wholeState(answer, { records: files.wholeRecords }), cursor }
}
