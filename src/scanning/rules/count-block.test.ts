import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addToBlock, blockOf, readCounts, setsInBlock, withCounts } from './count-block.ts'
import { countNames } from './finding-counts.ts'

const width = countNames.length
const numbers = fc.array(fc.nat(1000), { minLength: width, maxLength: width })
const places = fc.nat(setsInBlock - 1)

test('a block of another length is refused', () => {
  assert.throws(() => readCounts(new Uint8Array(28), 0), /cannot be read/)
  assert.throws(() => addToBlock(new Uint8Array(28), new Int32Array(7), 0), /cannot be read/)
})

test('a set that is not counted is told from one without findings, and nothing is added to it', () => {
  const block = withCounts(undefined, 3, [0, 0, 0, 0, 0, 0, 0])
  assert.equal(readCounts(block, 2), undefined)
  assert.deepEqual(readCounts(block, 3), [0, 0, 0, 0, 0, 0, 0])
  const ofTwo = new Int32Array(setsInBlock * width)
  ofTwo[2 * width] = 1
  assert.equal(addToBlock(block, ofTwo, 0), undefined)
  assert.equal(readCounts(withCounts(block, 3, undefined), 3), undefined)
})

test('neighbours share a block, and each id has a place of its own', () => {
  assert.deepEqual(blockOf(0), { block: 0, place: 0 })
  assert.deepEqual(blockOf(setsInBlock - 1), { block: 0, place: setsInBlock - 1 })
  assert.deepEqual(blockOf(setsInBlock), { block: 1, place: 0 })
})

test('what is added to a block is added to each counted set from a place on, and to no other', () => {
  fc.assert(
    fc.property(
      fc.dictionary(places.map(String), numbers),
      fc.array(fc.tuple(places, numbers), { maxLength: 20 }),
      fc.nat(setsInBlock),
      (counted, changes, from) => {
        let block = withCounts(undefined, 0, undefined)
        for (const [place, counts] of Object.entries(counted))
          block = withCounts(block, Number(place), counts)
        const sums = new Int32Array(setsInBlock * width)
        for (const [place, change] of changes) sums.set(change, place * width)
        const added = addToBlock(block, sums, from) ?? block
        for (let place = 0; place < setsInBlock; place += 1) {
          const before = counted[String(place)]
          const change = sums.subarray(place * width, (place + 1) * width)
          const after = place < from ? before : before?.map((n, at) => n + (change[at] ?? 0))
          assert.deepEqual(readCounts(added, place), after)
        }
      },
    ),
    { numRuns: 50 },
  )
})
