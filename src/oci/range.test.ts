import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseContentRange, parseRange, type RangeRequest } from './range.ts'

const one = (start: number, end: number): RangeRequest => ({
  kind: 'ranges',
  spans: [{ start, end }],
})
const none: RangeRequest = { kind: 'none' }
const unsatisfiable: RangeRequest = { kind: 'unsatisfiable' }

interface Case {
  readonly header: string | undefined
  readonly size?: number
  readonly expected: RangeRequest
}

// RFC 9110 sections 14.1.2 and 14.2; the six of the distribution conformance suite are on 2048 bytes.
const cases: readonly Case[] = [
  { header: 'bytes=500-0', expected: unsatisfiable },
  { header: 'bytes=5000-10000', expected: unsatisfiable },
  { header: 'bytes=2048-', expected: unsatisfiable },
  { header: 'bytes=-0', expected: unsatisfiable },
  { header: 'bytes=0-0', size: 0, expected: unsatisfiable },
  { header: 'bytes=0-', size: 0, expected: unsatisfiable },
  { header: 'bytes=-5', size: 0, expected: unsatisfiable },
  { header: 'bytes=3000-,5-4', expected: unsatisfiable },
  { header: undefined, expected: none },
  { header: '', expected: none },
  { header: 'bytes=', expected: none },
  { header: 'bytes=-', expected: none },
  { header: 'bytes', expected: none },
  { header: 'items=0-5', expected: none },
  { header: 'bytes=a-b', expected: none },
  { header: 'bytes=1.5-2', expected: none },
  { header: 'bytes=--5', expected: none },
  { header: 'bytes=0x1-2', expected: none },
  { header: 'bytes=1-2-3', expected: none },
  { header: 'bytes=0-5,,', expected: none },
  { header: 'bytes=0-99999999999999999999', expected: none },
  { header: 'bytes=10-20,0-5', expected: none },
  { header: 'bytes=0-10,10-20', expected: none },
  { header: `bytes=${'0-0,'.repeat(99)}5-6`, expected: none },
  { header: 'bytes=500-1499', expected: one(500, 1499) },
  { header: 'bytes=500-', expected: one(500, 2047) },
  { header: 'bytes=-500', expected: one(1548, 2047) },
  { header: 'bytes=2000-5000', expected: one(2000, 2047) },
  { header: 'bytes=0-0', expected: one(0, 0) },
  { header: 'bytes=-1', expected: one(2047, 2047) },
  { header: 'bytes=-5000', expected: one(0, 2047) },
  { header: ' bytes= 0-0 ', expected: one(0, 0) },
  { header: 'bytes=0-5,9000-', expected: one(0, 5) },
  {
    header: 'bytes=0-5, 10-20,-10',
    expected: {
      kind: 'ranges',
      spans: [
        { start: 0, end: 5 },
        { start: 10, end: 20 },
        { start: 2038, end: 2047 },
      ],
    },
  },
]

test('ranges of a download', () => {
  for (const { header, size, expected } of cases) {
    assert.deepEqual(parseRange(header, size ?? 2048), expected, header)
  }
})

test('spans lie inside the blob, in order, and never ask for more than the blob has', () => {
  const spec = fc.tuple(fc.option(fc.nat(300)), fc.option(fc.nat(300)))
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 80 }), fc.nat(200), (specs, size) => {
      const list = specs.map(([from, to]) => `${from ?? ''}-${to ?? ''}`).join(',')
      const range = parseRange(`bytes=${list}`, size)
      if (range.kind !== 'ranges') return
      assert.ok(range.spans.length <= 64)
      let next = 0
      for (const { start, end } of range.spans) {
        assert.ok(start >= next && end >= start && end < size)
        next = end + 1
      }
    }),
  )
})

test('the Content-Range of a chunk: with and without what old clients add', () => {
  const refused = ['', '-', '5-4', '1-', '-1', 'a-b', 'bytes */10', '0-1/x', '0-1/', 'items 0-1']
  const huge = '9999999999999999'
  for (const text of [...refused, `0-${huge}`, '0--1', '0-1,2-3', '0 - 1', '+0-1']) {
    assert.equal(parseContentRange(text), undefined, text)
  }
  const accepted = ['0-9', 'bytes 0-9', '0-9/10', 'bytes 0-9/10', 'bytes 0-9/*', ' 0-9 ']
  for (const text of accepted) assert.deepEqual(parseContentRange(text), { start: 0, end: 9 }, text)
  assert.deepEqual(parseContentRange('7-7'), { start: 7, end: 7 })
})

test('no header makes the readers throw', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('bytes', '=', '-', ',', '1', ' ', '/') }),
  )
  fc.assert(
    fc.property(text, fc.nat(), (header, size) => {
      parseRange(header, size)
      parseRange(`bytes=${header}`, size)
      parseContentRange(header)
    }),
  )
})
