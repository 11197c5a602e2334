import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addPlace,
  chunkOf,
  chunkSize,
  idOf,
  packPlaces,
  placesIn,
  removePlace,
} from './id-chunk.ts'

const place = fc.integer({ min: 0, max: chunkSize - 1 })
/** Few or many, and some at the border between a list and a bitmap. */
const places = fc.oneof(
  fc.uniqueArray(place, { maxLength: 30 }),
  fc.uniqueArray(place, { minLength: 500, maxLength: 525, size: 'max' }),
)

test('a chunk holds the places that were added and not removed, in order, and never grows beyond a bitmap', () => {
  fc.assert(
    fc.property(places, places, (added, removed) => {
      let bytes: Uint8Array = new Uint8Array()
      const model = new Set<number>()
      for (const each of added) {
        bytes = addPlace(bytes, each) ?? bytes
        model.add(each)
      }
      for (const each of removed) {
        const without = removePlace(bytes, each)
        assert.equal(without === undefined, !model.delete(each))
        bytes = without ?? bytes
      }
      const expected = [...model].toSorted((a, b) => a - b)
      assert.deepEqual(placesIn(bytes), expected)
      assert.deepEqual(placesIn(packPlaces(expected)), expected)
      assert.ok(bytes.length <= chunkSize / 8)
    }),
    { numRuns: 60 },
  )
})

test('adding what is there says so, and changes nothing', () => {
  const once = addPlace(undefined, 7)
  assert.ok(once)
  assert.equal(addPlace(once, 7), undefined)
  const full = packPlaces(Array.from({ length: chunkSize }, (_, index) => index))
  assert.equal(addPlace(full, chunkSize - 1), undefined)
  assert.equal(placesIn(full).length, chunkSize)
})

test('an id is its chunk and its place', () => {
  for (const id of [0, 1, chunkSize - 1, chunkSize, 123_456_789]) {
    const { chunk, place: at } = chunkOf(id)
    assert.equal(idOf(chunk, at), id)
  }
})
