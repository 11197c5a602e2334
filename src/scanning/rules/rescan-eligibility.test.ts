import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  eligibleUntil,
  isEligible,
  lifetime,
  rescanDays,
  type RescanDurations,
} from './rescan-eligibility.ts'

const pushedAt = new Date('2026-01-01T00:00:00Z')
const day = (days: number): Date => new Date(pushedAt.getTime() + days * 86_400_000)

function durations(pushDays: number | undefined, pullDays: number | undefined): RescanDurations {
  return { pushDays, pullDays, pullMode: 'LAST_PULL_DATE' }
}

test('an image is scanned for its lifetime where nothing else was put', () => {
  const old = { pushedAt, lastPulledAt: undefined }
  assert.equal(eligibleUntil(lifetime, old), undefined)
  assert.equal(isEligible(lifetime, old, day(10_000)), true)
})

test('an image leaves when the days since its push are over, to the moment', () => {
  const image = { pushedAt, lastPulledAt: undefined }
  assert.equal(isEligible(durations(30, 90), image, day(30)), true)
  assert.equal(isEligible(durations(30, 90), image, new Date(day(30).getTime() + 1)), false)
})

test('a pull keeps an old image for its own days, and counts only where the account says so', () => {
  const image = { pushedAt, lastPulledAt: day(100) }
  assert.equal(isEligible(durations(30, 14), image, day(114)), true)
  assert.equal(isEligible(durations(30, 14), image, day(115)), false)
  assert.equal(isEligible(durations(30, undefined), image, day(101)), false)
})

test('dates in the future, as a clock that was set back leaves them, keep the image', () => {
  assert.equal(
    isEligible(durations(3, 3), { pushedAt: day(9), lastPulledAt: day(9) }, day(0)),
    true,
  )
})

test('a later push or pull, and longer durations, never make an image leave earlier', () => {
  const days = fc.integer({ min: 0, max: 400 })
  const length = fc.constantFrom(...rescanDays)
  fc.assert(
    fc.property(days, days, length, length, days, (pull, more, push, pulls, now) => {
      const before = isEligible(
        durations(push, pulls),
        { pushedAt, lastPulledAt: day(pull) },
        day(now),
      )
      const pulledLater = { pushedAt, lastPulledAt: day(pull + more) }
      const after = isEligible(durations(push, pulls), pulledLater, day(now))
      const longer = isEligible(durations(push + more, pulls), pulledLater, day(now))
      return (!before || after) && (!after || longer)
    }),
  )
})
