import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findExceeded, roomFor, type QuotaState } from './quota.ts'

const state = (members: Partial<QuotaState>): QuotaState => ({
  scope: 'repository',
  name: 'app',
  maxBytes: undefined,
  maxImages: undefined,
  used: { bytes: 0, images: 0 },
  openBytes: 0,
  ...members,
})

test('refuses the byte above the limit and not the byte that fills it', () => {
  const full = [state({ maxBytes: 100, used: { bytes: 60, images: 1 }, openBytes: 30 })]
  assert.equal(findExceeded(full, { bytes: 10, images: 0 }), undefined)
  assert.deepEqual(findExceeded(full, { bytes: 11, images: 0 }), {
    scope: 'repository',
    name: 'app',
    unit: 'bytes',
    limit: 100,
    used: 90,
    added: 11,
  })
})

test('refuses the image above the limit, and names the account when that is what is full', () => {
  const account = state({
    scope: 'account',
    name: '1',
    maxImages: 2,
    used: { bytes: 0, images: 2 },
  })
  const refusal = findExceeded([account, state({})], { bytes: 5, images: 1 })
  assert.equal(refusal?.scope, 'account')
  assert.equal(refusal?.unit, 'images')
})

test('a limit below what is used refuses additions only', () => {
  const over = [state({ maxBytes: 10, maxImages: 0, used: { bytes: 50, images: 5 } })]
  assert.equal(findExceeded(over, { bytes: 0, images: 0 }), undefined)
  assert.equal(findExceeded(over, { bytes: -5, images: -1 }), undefined)
  assert.notEqual(findExceeded(over, { bytes: 1, images: 0 }), undefined)
  assert.equal(roomFor(over), 0)
})

test('what fits the room is never refused, and one byte more always is', () => {
  const states = fc.array(
    fc
      .record({ max: fc.nat(1000), bytes: fc.nat(1000), open: fc.nat(1000) })
      .map(({ max, bytes, open }) =>
        state({ maxBytes: max, used: { bytes, images: 0 }, openBytes: open }),
      ),
    { minLength: 1, maxLength: 3 },
  )
  fc.assert(
    fc.property(states, (given) => {
      const room = roomFor(given)
      assert.ok(room !== undefined)
      assert.equal(findExceeded(given, { bytes: room, images: 0 }), undefined)
      assert.notEqual(findExceeded(given, { bytes: room + 1, images: 0 }), undefined)
    }),
  )
})
