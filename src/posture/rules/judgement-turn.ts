// Purpose:  is it time to judge an account again?
// Spec:     our own; docs/posture.md, "On the server".
// Input:    when it was judged last and how long that took, whether something happened since, when the server started.
// Deviates: nothing.
// Unknowns: what happened while the server was down is not known: each account is judged once after a start.

export interface LastJudgement {
  readonly judgedAt: Date
  readonly tookMs: number
}

const everyMs = 24 * 3_600_000
/** What changes comes in bursts, and is judged once. */
const leastMs = 15 * 60_000
/** Judging takes no more than a sixth of the time, rests included, however often something changes. */
const timesAsLong = 5
/** A server that was started has other things to do. */
const settledMs = 10 * 60_000

export function isDue(
  last: LastJudgement | undefined,
  {
    now,
    startedAt,
    isChanged,
  }: { readonly now: Date; readonly startedAt: Date; readonly isChanged: boolean },
): boolean {
  const at = now.getTime()
  if (at - startedAt.getTime() < settledMs) return false
  if (last === undefined) return true
  const since = at - last.judgedAt.getTime()
  // A clock that was set back must not keep an account from being judged.
  if (since < 0 || since >= everyMs) return true
  if (since < Math.max(leastMs, last.tookMs * timesAsLong)) return false
  return isChanged || last.judgedAt < startedAt
}
