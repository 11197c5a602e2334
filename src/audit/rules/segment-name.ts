/** A segment's file: its number, which orders the log, and the UTC day on which it was begun. */
export interface SegmentName {
  readonly number: number
  /** `20261126` */
  readonly day: string
}

export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10).replaceAll('-', '')
}

export function formatSegmentName({ number, day }: SegmentName): string {
  return `audit-${String(number).padStart(8, '0')}-${day}.ndjson`
}

/** undefined for a file of another kind. */
export function parseSegmentName(text: string): SegmentName | undefined {
  const [, number, day] = /^audit-([0-9]{8})-([0-9]{8})\.ndjson$/.exec(text) ?? []
  return number === undefined || day === undefined ? undefined : { number: Number(number), day }
}

/** The oldest segments that have to go so that so many bytes are free; all of them where that is not enough. */
export function selectOldest<T extends { readonly storedBytes: number }>(
  segments: readonly T[],
  bytes: number,
): readonly T[] {
  let freed = 0
  const kept = segments.findIndex(({ storedBytes }) => {
    if (freed >= bytes) return true
    freed += storedBytes
    return false
  })
  return kept === -1 ? segments : segments.slice(0, kept)
}

/** The oldest segments, all begun before the last `keepDays` days: they may go. The newest never does. */
export function selectExpired(
  names: readonly string[],
  now: Date,
  keepDays: number,
): readonly string[] {
  const oldest = dayOf(new Date(now.getTime() - keepDays * 86_400_000))
  const kept = names.findIndex((name, index) => {
    const day = parseSegmentName(name)?.day
    return day === undefined || day >= oldest || index === names.length - 1
  })
  return names.slice(0, Math.max(kept, 0))
}
