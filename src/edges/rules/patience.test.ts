import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patienceAfter, patienceForRequest, type Patience } from './patience.ts'

const limits = { initialMs: 60_000, maxMs: 300_000, longestLookMs: 10_000, bytesPerSecond: 1024 }
const second = 1000

/** Looks every five seconds, as the server does; says after how many seconds the client is given up, if ever. */
function givenUpAfter(
  rates: readonly { readonly seconds: number; readonly bytesPerSecond: number }[],
  isClientsTurn = true,
): number | undefined {
  let state: Patience = patienceForRequest(limits, undefined, { at: 0, moved: 0 })
  for (const { seconds, bytesPerSecond } of rates) {
    for (let passed = 0; passed < seconds; passed += 5) {
      const [at, moved] = [state.at + 5 * second, state.moved + 5 * bytesPerSecond]
      state = patienceAfter(limits, state, { at, moved, isClientsTurn })
      if (state.leftMs <= 0) return state.at / second
    }
  }
  return undefined
}

const hour = 3600

test('a client that sends nothing, or a byte a second, is given up after a minute', () => {
  assert.equal(givenUpAfter([{ seconds: hour, bytesPerSecond: 0 }]), 60)
  assert.equal(givenUpAfter([{ seconds: hour, bytesPerSecond: 1 }]), 65)
  assert.equal(givenUpAfter([{ seconds: hour, bytesPerSecond: 512 }]), 120)
})

test('a slow line that keeps the rate is waited for without end', () => {
  assert.equal(givenUpAfter([{ seconds: 100 * hour, bytesPerSecond: 1024 }]), undefined)
})

test('a client that moved much may pause for minutes, and go on', () => {
  const quick = { seconds: 10, bytesPerSecond: 1024 * 1024 }
  const pause = { seconds: 290, bytesPerSecond: 0 }
  assert.equal(givenUpAfter([quick, pause, quick, pause, quick]), undefined)
})

test('however much was moved, a pause of more than five minutes ends it', () => {
  const quick = { seconds: hour, bytesPerSecond: 100 * 1024 * 1024 }
  assert.equal(givenUpAfter([quick, { seconds: hour, bytesPerSecond: 0 }]), hour + 300)
})

test('bytes in bursts are judged by their sum', () => {
  const minute = [
    { seconds: 5, bytesPerSecond: 13_000 },
    { seconds: 55, bytesPerSecond: 0 },
  ]
  assert.equal(givenUpAfter(Array.from({ length: 200 }, () => minute).flat()), undefined)
})

test('time in which the server works is not the client’s', () => {
  assert.equal(givenUpAfter([{ seconds: 10 * hour, bytesPerSecond: 0 }], false), undefined)
})

test('a clock that is set back spends nothing', () => {
  const before = { leftMs: 10, at: 1_000_000, moved: 0 }
  const after = patienceAfter(limits, before, { at: 0, moved: 0, isClientsTurn: true })
  assert.equal(after.leftMs, 10)
})

test('a server that was too busy to look blames nobody for the time', () => {
  const before = { leftMs: 60_000, at: 0, moved: 0 }
  const after = patienceAfter(limits, before, { at: 600_000, moved: 0, isClientsTurn: true })
  assert.equal(after.leftMs, 50_000)
})

test('the next request of a connection has at least the first one’s patience', () => {
  const at = { at: 5, moved: 7 }
  assert.equal(patienceForRequest(limits, { leftMs: 3, ...at }, at).leftMs, 60_000)
  assert.equal(patienceForRequest(limits, { leftMs: 200_000, ...at }, at).leftMs, 200_000)
})
