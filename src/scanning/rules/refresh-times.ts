// When is a part of a feed asked for again?
import { backoffMs } from '../../lib/backoff.ts'

/** Where nothing is scheduled, the times still say when it would be due. */
const defaultEveryMs = 2 * 3_600_000
const firstRetryMs = 10 * 60_000

/** `chance` from 0 to 1. After a success: between 95 and 105 % of the interval, so that not all who began together come together. */
export function nextRefresh(chance: number, now: Date, everyMs: number): Date {
  const interval = everyMs === 0 ? defaultEveryMs : everyMs
  return new Date(now.getTime() + Math.round(interval * (0.95 + chance / 10)))
}

/** After so many failures in a row, from 1: soon, then later and later, up to four intervals; not before the origin asks. */
export function nextAttempt(
  chance: number,
  now: Date,
  after: {
    readonly failures: number
    readonly everyMs: number
    readonly retryAfterMs: number | undefined
  },
): Date {
  const interval = after.everyMs === 0 ? defaultEveryMs : after.everyMs
  const limits = { firstMs: Math.min(firstRetryMs, interval), longestMs: 4 * interval }
  const waitMs = Math.max(backoffMs(chance, after.failures, limits), after.retryAfterMs ?? 0)
  return new Date(now.getTime() + waitMs)
}

/** Due, or never asked for; a clock that was set back must not put it off for ever. */
export function isDue(
  now: Date,
  part: { readonly nextAttemptAt: Date | undefined; readonly attemptedAt: Date | undefined },
): boolean {
  const { nextAttemptAt, attemptedAt } = part
  if (nextAttemptAt === undefined || attemptedAt === undefined) return true
  return nextAttemptAt <= now || attemptedAt > now
}
