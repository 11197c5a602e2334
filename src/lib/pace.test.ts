import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from './pace.ts'

/** A clock that goes on by itself: each look at it takes a tenth of a second. */
function tickingClock(): { now(): Date; readonly looks: () => number } {
  let looks = 0
  return {
    now: () => new Date(100 * looks++),
    looks: () => looks,
  }
}

test('work ahead of its rate waits until its time has come', async () => {
  const { signal } = new AbortController()
  const clock = tickingClock()
  const pace = new Pace(clock, 1000)
  await pace.spend(300, { signal })
  assert.ok(clock.looks() * 100 > 300, 'a clock that has come to 300 ms')
})

test('without a rate the clock is not even asked', async () => {
  const { signal } = new AbortController()
  const clock = tickingClock()
  await new Pace(clock, undefined).spend(1e12, { signal })
  assert.equal(clock.looks(), 0)
})

test('a stop ends the waiting', async () => {
  const controller = new AbortController()
  const pace = new Pace({ now: () => new Date(0) }, 1)
  const waiting = pace.spend(1000, controller)
  controller.abort(new Error('enough'))
  await assert.rejects(waiting)
  await assert.rejects(pace.spend(1, controller), /enough/)
})
