import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../../../../test/kit/fake-clock.ts'
import { ReplayFilter } from './replay-filter.ts'

const request = { accessKeyId: 'AKIAX', signature: 'a'.repeat(64) }

test('a completed request is a repeat for as long as its signature could be shown again', () => {
  const clock = fakeClock()
  const filter = new ReplayFilter(clock, new Set(['sts:AssumeRole']))
  assert.equal(filter.isRepeat(request), false)
  filter.complete('sts:AssumeRole', request)
  // Two runs of a command in one second sign the same.
  clock.advance(2000)
  assert.equal(filter.isRepeat(request), false)
  filter.complete('sts:AssumeRole', request)
  clock.advance(1)
  assert.equal(filter.isRepeat(request), true)
  assert.equal(filter.isRepeat({ ...request, signature: 'b'.repeat(64) }), false)
  assert.equal(filter.isRepeat({ ...request, accessKeyId: 'AKIAY' }), false)
  clock.advance(30 * 60_000 - 2002)
  assert.equal(filter.isRepeat(request), true)
  clock.advance(1)
  assert.equal(filter.isRepeat(request), false)
})

test('what gives nothing away may be repeated', () => {
  const filter = new ReplayFilter(fakeClock(), new Set(['sts:AssumeRole']))
  filter.complete('sts:GetCallerIdentity', request)
  assert.equal(filter.isRepeat(request), false)
})

test('it keeps a bounded number, the newest', () => {
  const clock = fakeClock()
  const filter = new ReplayFilter(clock, new Set(['sts:AssumeRole']))
  const named = (n: number) => ({ accessKeyId: 'AKIAX', signature: String(n) })
  for (let n = 0; n <= 50_000; n += 1) filter.complete('sts:AssumeRole', named(n))
  clock.advance(2001)
  assert.equal(filter.isRepeat(named(0)), false)
  assert.equal(filter.isRepeat(named(50_000)), true)
})
