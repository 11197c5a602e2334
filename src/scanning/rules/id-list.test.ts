import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packIds, unpackIds } from './id-list.ts'

const rising = fc
  .uniqueArray(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { maxLength: 200 })
  .map((ids) => ids.toSorted((a, b) => a - b))

test('ids come back as they were packed, whatever their size', () => {
  fc.assert(
    fc.property(rising, (ids) => {
      assert.deepEqual(unpackIds(packIds(ids)), ids)
    }),
  )
})

test('neighbours cost a byte each', () => {
  const ids = Array.from({ length: 1000 }, (_, index) => 5_000_000_000 + index)
  assert.equal(packIds(ids).length, 999 + 5)
})

test('what does not rise, and what ends within an id, is refused', () => {
  assert.throws(() => packIds([3, 3]), /do not rise/)
  assert.throws(() => packIds([0]), /do not rise/)
  assert.throws(() => unpackIds(Uint8Array.of(128)), /end within an id/)
})
