import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutCommitRanges } from './commit-ranges.ts'

const commits = { type: 'GIT', repo: 'https://example.com/x', events: [{ introduced: '0' }] }
const versions = { type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1' }] }

function record(entry: unknown): unknown {
  return { id: 'A-1', affected: [entry] }
}

const cases = [
  ['leaves commits beside versions out', { ranges: [commits, versions] }, { ranges: [versions] }],
  [
    'leaves commits beside listed versions out',
    { ranges: [commits], versions: ['1'] },
    { ranges: [], versions: ['1'] },
  ],
  [
    'keeps commits that stand alone',
    { ranges: [commits], versions: [] },
    { ranges: [commits], versions: [] },
  ],
  ['keeps what is malformed for the parser to refuse', { ranges: 'none' }, { ranges: 'none' }],
  ['keeps an entry that is no object', 7, 7],
] as const

for (const [name, entry, expected] of cases) {
  test(name, () => {
    assert.deepEqual(withoutCommitRanges(record(entry)), record(expected))
  })
}

test('keeps what is no record', () => {
  for (const value of [null, [], 'text', { affected: 1 }]) {
    assert.deepEqual(withoutCommitRanges(value), value)
  }
})
