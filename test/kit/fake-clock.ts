import type { Clock } from '../../src/lib/clock.ts'

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  advance(ms: number): void
}

export function fakeClock(start = '2026-11-24T12:00:00Z'): FakeClock {
  let now = Date.parse(start)
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms
    },
  }
}
