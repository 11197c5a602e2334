// Purpose:  what to do with stored bytes that no row names.
// Spec:     Pratique's design section 5: a key is never used twice, and a listing alone removes nothing.
// Input:    when the bytes were last written, when a sweep first found them without a row, and now.
// Deviates: nothing.
// Unknowns: a time that lies ahead (a clock that was set back) counts as just now: the bytes stay.

/** Younger bytes may belong to work that has no row yet: a copy of an upload that goes on under another key. */
export const orphanAgeMs = 48 * 3_600_000
/** Between two sightings: time to notice that a wrong database was started on these bytes. */
const sightingAgeMs = 24 * 3_600_000
/** The blob store is swept in so many parts, by the first two hex digits of keys. */
export const shardCount = 256

export type OrphanVerdict = 'leave' | 'mark' | 'remove'

export function judgeOrphan(
  times: { readonly writtenAt: Date; readonly seenAt: Date | undefined },
  now: Date,
): OrphanVerdict {
  if (!isOldEnough(times.writtenAt, now)) return 'leave'
  if (times.seenAt === undefined) return 'mark'
  return now.getTime() - times.seenAt.getTime() >= sightingAgeMs ? 'remove' : 'leave'
}

export function isOldEnough(writtenAt: Date, now: Date): boolean {
  return now.getTime() - writtenAt.getTime() >= orphanAgeMs
}

export function shardName(shard: number): string {
  return shard.toString(16).padStart(2, '0')
}
