// Purpose:  when a message that was not taken is tried again, and when no more.
// Spec:     docs/notifications.md, "Delivery".
// Input:    how often it failed, and since when.
// Deviates: nothing.
// Unknowns: none.
import type { BackoffLimits } from '../../lib/backoff.ts'

/** 5 s, 10 s, 20 s … an hour, and hourly from then on; each up to a half more by chance. */
export const messageBackoff: BackoffLimits = { firstMs: 5_000, longestMs: 3_600_000 }

/** A receiver that took nothing so many times in a row is left alone for a while: everything else for it waits too. */
export const failuresUntilPause = 3
/** Then one message asks whether it is back. */
export const sinkBackoff: BackoffLimits = { firstMs: 10_000, longestMs: 300_000 }

/** A message that nobody took for so long is a dead letter. */
export const giveUpAfterMs = 72 * 3_600_000

/** Attempts after which a receiver that refuses one message with a status of its own (400, 413 …) is believed. */
const mostRefusals = 12

export function isDead(
  attempt: { readonly attempts: number; readonly since: Date; readonly isRefusal: boolean },
  now: Date,
): boolean {
  if (attempt.isRefusal && attempt.attempts >= mostRefusals) return true
  return now.getTime() - attempt.since.getTime() >= giveUpAfterMs
}
