import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDue, nextAttempt, nextRefresh } from './refresh-times.ts'

const now = new Date('2026-01-01T12:00:00Z')
const minute = 60_000
const later = (minutes: number): Date => new Date(now.getTime() + minutes * minute)

test('a part is due when its time has come, when it was never asked for, and when the clock was set back', () => {
  assert.equal(isDue(now, { nextAttemptAt: later(1), attemptedAt: later(-1) }), false)
  assert.equal(isDue(now, { nextAttemptAt: now, attemptedAt: later(-1) }), true)
  assert.equal(isDue(now, { nextAttemptAt: undefined, attemptedAt: undefined }), true)
  assert.equal(isDue(now, { nextAttemptAt: later(900), attemptedAt: later(800) }), true)
})

test('refreshes are about an interval apart, and not all at the same time', () => {
  assert.deepEqual(nextRefresh(0, now, 120 * minute), later(114))
  assert.deepEqual(nextRefresh(1, now, 120 * minute), later(126))
  assert.deepEqual(nextRefresh(0.5, now, 0), later(120))
})

test('after failures it is tried soon, then less and less often, and not before the origin asks', () => {
  const wait = (failures: number, retryAfterMs?: number): number => {
    const after = { failures, everyMs: 120 * minute, retryAfterMs }
    return (nextAttempt(0, now, after).getTime() - now.getTime()) / minute
  }
  assert.deepEqual(
    [1, 2, 3, 20].map((failures) => wait(failures)),
    [10, 20, 40, 480],
  )
  assert.equal(wait(1, 1000 * minute), 1000)
})
