// Purpose:  is an image still scanned continuously, by the dates of its push and its last pull?
// Spec:     Amazon Inspector API, EcrConfiguration (rescanDuration, pullDateRescanDuration, pullDateRescanMode); user guide, "Re-scan duration".
// Input:    the account's durations and the image's dates; the time is an argument.
// Deviates: where images run is not known here, so LAST_IN_USE_AT counts the last pull, as LAST_PULL_DATE does.
// Unknowns: an image that was never pulled has no pull that could keep it; a date that lies in the future (a clock was set back) keeps it.

export type PullDateMode = 'LAST_PULL_DATE' | 'LAST_IN_USE_AT'

export interface RescanDurations {
  /** Undefined: for the image's lifetime. */
  readonly pushDays: number | undefined
  /** Undefined: pulls do not count. */
  readonly pullDays: number | undefined
  readonly pullMode: PullDateMode
}

/** What holds where an account put none. */
export const lifetime: RescanDurations = {
  pushDays: undefined,
  pullDays: undefined,
  pullMode: 'LAST_PULL_DATE',
}

/** The model's words for each number of days. */
export const rescanDays = [3, 7, 14, 30, 60, 90, 180] as const

export interface ImageDates {
  readonly pushedAt: Date
  readonly lastPulledAt: Date | undefined
}

const dayMs = 86_400_000

/**
 * The moment after which the image leaves continuous scanning; undefined where it never does. Either date is enough to
 * keep it: what is pulled is in use, however old it is, and what was just pushed may not have been pulled yet.
 */
export function eligibleUntil(
  { pushDays, pullDays }: RescanDurations,
  { pushedAt, lastPulledAt }: ImageDates,
): Date | undefined {
  if (pushDays === undefined) return undefined
  const byPush = pushedAt.getTime() + pushDays * dayMs
  if (pullDays === undefined || lastPulledAt === undefined) return new Date(byPush)
  return new Date(Math.max(byPush, lastPulledAt.getTime() + pullDays * dayMs))
}

export function isEligible(durations: RescanDurations, image: ImageDates, now: Date): boolean {
  const until = eligibleUntil(durations, image)
  return until === undefined || now <= until
}

/**
 * Whether an image that left is still out, by what happened since: neither a push nor a pull that counts, nor other
 * durations, for which the next review decides.
 */
export function isStillOut(
  { pushDays, pullDays, putAt }: RescanDurations & { readonly putAt: Date },
  { pushedAt, lastPulledAt }: ImageDates,
  leftAt: Date,
): boolean {
  if (pushDays === undefined || putAt > leftAt || pushedAt > leftAt) return false
  return pullDays === undefined || lastPulledAt === undefined || lastPulledAt <= leftAt
}
