// Purpose:  turn the events of one range into intervals.
// Spec:     Open Source Vulnerability format, "affected[].ranges[].events" and its evaluation algorithm.
// Input:    one range of a record; hostile.
// Deviates: several `introduced` without an end between them are one interval, from the lowest.
// Unknowns: a range whose bounds cannot be ordered, or of type GIT, is 'unknown' with the reason.
import type { Interval } from './advisory.ts'
import type { CompareVersions } from './ecosystem.ts'

export type RangeReading =
  | { readonly kind: 'intervals'; readonly intervals: readonly Interval[] }
  | { readonly kind: 'unknown'; readonly reason: string }

type EventKind = 'introduced' | 'fixed' | 'last_affected' | 'limit'

interface RangeEvent {
  readonly kind: EventKind
  readonly version: string
}

const maxEvents = 2000
/** At one version an end comes before a beginning: fixed in 2 and introduced in 2 again means affected. */
const turn: Readonly<Record<EventKind, number>> = {
  fixed: 0,
  limit: 0,
  introduced: 1,
  last_affected: 2,
}

/** Without a comparer the events are taken in the order given: nobody will judge them here. */
export function readRange(range: unknown, compare: CompareVersions | undefined): RangeReading {
  if (!isRecord(range)) return unknown('the range is not an object')
  const { type, events } = range
  if (type === 'GIT') return unknown('the range is in commits')
  if (type !== 'ECOSYSTEM' && type !== 'SEMVER') return unknown('the range has no known type')
  if (!Array.isArray(events) || events.length > maxEvents)
    return unknown('the range has no list of events')
  const read = events.map(readEvent)
  const parsed = read.filter((event) => event !== undefined)
  if (parsed.length !== read.length) return unknown('an event of the range cannot be read')
  const sorted = compare === undefined ? parsed : sortEvents(parsed, compare)
  return typeof sorted === 'string'
    ? unknown(sorted)
    : { kind: 'intervals', intervals: walk(sorted) }
}

function readEvent(event: unknown): RangeEvent | undefined {
  if (!isRecord(event)) return undefined
  for (const kind of ['introduced', 'fixed', 'last_affected', 'limit'] as const) {
    const version = event[kind]
    if (typeof version === 'string' && version !== '' && version.length <= 1024)
      return { kind, version }
  }
  return undefined
}

function sortEvents(
  events: readonly RangeEvent[],
  compare: CompareVersions,
): readonly RangeEvent[] | string {
  for (const { kind, version } of events) {
    const isStart = kind === 'introduced' && version === '0'
    const isEverything = kind === 'limit' && version === '*'
    if (isStart || isEverything) continue
    if (compare(version, version).kind === 'unparsable')
      return `version ${JSON.stringify(version.slice(0, 64))} of the range cannot be ordered`
  }
  return events
    .filter(({ version }) => version !== '*')
    .toSorted((a, b) => compareEvents(a, b, compare))
}

function compareEvents(a: RangeEvent, b: RangeEvent, compare: CompareVersions): number {
  const [startA, startB] = [isBeginning(a), isBeginning(b)]
  if (startA || startB) return Number(startB) - Number(startA)
  const result = compare(a.version, b.version)
  const order = result.kind === 'ordered' ? result.order : 0
  return order === 0 ? turn[a.kind] - turn[b.kind] : order
}

/** `introduced: 0` stands before every version, whatever the ecosystem calls its first. */
function isBeginning({ kind, version }: RangeEvent): boolean {
  return kind === 'introduced' && version === '0'
}

function walk(events: readonly RangeEvent[]): readonly Interval[] {
  const intervals: Interval[] = []
  let open: { readonly introduced: string | undefined } | undefined
  for (const event of events) {
    if (event.kind === 'introduced') {
      open ??= { introduced: isBeginning(event) ? undefined : event.version }
      continue
    }
    if (open === undefined) continue
    intervals.push({ introduced: open.introduced, end: endOf(event) })
    open = undefined
  }
  if (open !== undefined) intervals.push({ introduced: open.introduced, end: { kind: 'open' } })
  return intervals
}

function endOf({ kind, version }: RangeEvent): Interval['end'] {
  if (kind === 'fixed') return { kind: 'fixed', version }
  return kind === 'limit' ? { kind: 'limit', version } : { kind: 'lastAffected', version }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unknown(reason: string): RangeReading {
  return { kind: 'unknown', reason }
}
