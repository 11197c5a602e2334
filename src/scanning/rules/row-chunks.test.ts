import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { packRows, rowsInChunk, unpackRows } from './row-chunks.ts'

function packed(rows: readonly unknown[]): Uint8Array {
  return Buffer.concat([...packRows(rows)])
}

test('bytes that end within a part, or hold no list, are refused', () => {
  const bytes = packed([1, 2])
  for (const length of [3, bytes.length - 1])
    assert.throws(() => [...unpackRows(bytes.subarray(0, length))], /end within a part/)
  assert.throws(() => [...unpackRows(zstdCompressSync('{}'))], /no list/)
})

test('what was kept in one part is read as before', () => {
  assert.deepEqual([...unpackRows(zstdCompressSync('[[1,"a"],[2,"b"]]'))].flat(), [
    [1, 'a'],
    [2, 'b'],
  ])
})

test('no part is longer than a part may be, and none is lost', () => {
  const rows = Array.from({ length: 2 * rowsInChunk + 1 }, (_, index) => [index, `path ${index}`])
  const parts = [...unpackRows(packed(rows))]
  assert.deepEqual(
    parts.map((part) => part.length),
    [rowsInChunk, rowsInChunk, 1],
  )
  assert.deepEqual(parts.flat(), rows)
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ noUnicodeString: false }), { maxLength: 20 }), (some) => {
      assert.deepEqual(
        [...unpackRows(packed(some))].flat(1),
        [JSON.parse(JSON.stringify(some))].flat(1),
      )
    }),
    { numRuns: 20 },
  )
})
