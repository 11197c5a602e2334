import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { footerBytes, formatSeekTable, parseSeekTable, seekTableBytes } from './seek-table.ts'

const frames = [
  { packedBytes: 100, plainBytes: 262_144 },
  { packedBytes: 40, plainBytes: 17 },
]
const table = formatSeekTable(frames)

test('a table is one skippable frame with the magic numbers of the format', () => {
  assert.equal(
    table.toString('hex'),
    '5e2a4d18' +
      '19000000' +
      '6400000000000400' +
      '2800000011000000' +
      '02000000' +
      '00' +
      'b1ea928f',
  )
})

test('a table says what it was made of', () => {
  assert.equal(seekTableBytes(table.subarray(-footerBytes)), table.byteLength)
  const parsed = parseSeekTable(table, 140 + table.byteLength)
  assert.deepEqual(parsed, { frames, plainBytes: 262_161 })
})

const checksummed = Buffer.from(table)
checksummed[table.byteLength - 5] = 0x80
const large = formatSeekTable([{ packedBytes: 10, plainBytes: 1024 * 1024 + 1 }])
const refused: readonly (readonly [string, Buffer, number])[] = [
  ['of a file that is longer', table, 141 + table.byteLength],
  ['of a file that is shorter', table, 139 + table.byteLength],
  ['that is cut off', table.subarray(1), 140 + table.byteLength],
  ['with checksums', checksummed, 140 + table.byteLength],
  ['with a frame that is too large', large, 10 + large.byteLength],
  ['of nothing', Buffer.alloc(0), 0],
]
for (const [what, bytes, fileBytes] of refused) {
  test(`a table ${what} is none`, () => {
    assert.equal(parseSeekTable(bytes, fileBytes), undefined)
  })
}

test('no bytes make the reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(200), (bytes, size) => {
      seekTableBytes(bytes)
      assert.equal(parseSeekTable(bytes, size), undefined)
    }),
  )
})
