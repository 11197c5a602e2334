import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { bytesOfCase, convert, converters, feedCases } from '../../test/kit/feed-cases.ts'
import { parseStorableAdvisory } from '../scanning/rules/storable-advisory.ts'

const cases = feedCases()

for (const one of cases) {
  test(`${one.converter}: ${one.name}`, async () => {
    assert.deepEqual(await convert(one, bytesOfCase(one)), one.expected)
  })
}

test('every converter has a real sample and one of what cannot be read', () => {
  for (const converter of Object.keys(converters)) {
    const own = cases.filter((one) => one.converter === converter)
    assert.ok(
      own.some(({ isReal }) => isReal),
      `${converter} has no real sample`,
    )
    assert.ok(
      own.some(({ expected }) => expected.problems.length > 0),
      `${converter} has no sample that cannot be read`,
    )
  }
})

test('every record of the samples is one that the import takes', () => {
  for (const { expected, name } of cases) {
    for (const record of expected.records) {
      const read = parseStorableAdvisory(JSON.stringify(record))
      assert.equal(read.kind, 'advisory', name)
    }
  }
})

test('the records do not depend on how the bytes came', async () => {
  for (const one of cases) {
    const bytes = bytesOfCase(one)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
      bytes.subarray(index * 7, index * 7 + 7),
    )
    assert.deepEqual(await convert(one, Readable.from(pieces)), one.expected, one.name)
  }
})

test('a file that is cut off is refused as a whole', async () => {
  for (const one of cases.filter(({ converter }) => converter !== 'redhat-vex')) {
    const bytes = bytesOfCase(one)
    const half = bytes.subarray(0, Math.floor(bytes.length / 2))
    await assert.rejects(convert(one, half), /FeedError|ArchiveError/, one.name)
  }
})

test('an entry above the limit is told with its place, and the rest is read', async () => {
  const text = JSON.stringify(
    {
      a: { 'CVE-2024-0001': { description: 'x'.repeat(5000), releases: {} } },
      b: { 'CVE-2024-0002': { releases: { bookworm: { status: 'open' } } } },
    },
    undefined,
    1,
  )
  const limits = { maxValueBytes: 1000, maxTotalBytes: 100_000 }
  const { records, problems } = await convert({ converter: 'debian' }, Buffer.from(text), limits)
  assert.deepEqual(problems, ['line 3: a, CVE-2024-0001: the entry is too long'])
  assert.equal(records.length, 1)
})

test('a file above the limit is refused', async () => {
  const limits = { maxValueBytes: 10, maxTotalBytes: 100 }
  for (const converter of ['debian', 'secdb', 'updateinfo', 'azure', 'photon'])
    await assert.rejects(
      convert({ converter }, Buffer.alloc(101, ' '), limits),
      /holds more than 100 bytes/,
    )
})
