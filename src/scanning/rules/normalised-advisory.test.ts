import assert from 'node:assert/strict'
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { osvRecord } from '../../../test/kit/advisories.ts'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { sharedData } from '../../../test/kit/shared-data.ts'
import { readRecordTexts } from '../../storage/feeds/record-texts.ts'
import { readNormalisedAdvisory } from './normalised-advisory.ts'
import { parseStorableAdvisory, type StorableAdvisory } from './storable-advisory.ts'

const directory = sharedData('advisories')
/** One of so many is judged, every one with `PRATIQUE_FUZZ_RUNS` of as many or more. */
const step = Math.ceil(5 / fuzzRuns(1))
const limits = { maxRecordBytes: 8 * 1024 ** 2, maxTotalBytes: 1024 ** 3 }

test(
  'records of the shared data are read as what was kept of them',
  { skip: directory === undefined ? 'no shared data' : false },
  async () => {
    const files = readdirSync(directory ?? '').filter((name) => name.endsWith('.ndjson.zst'))
    let count = 0
    let judged = 0
    for (const name of files) {
      const bytes = createReadStream(join(directory ?? '', name))
      for await (const record of readRecordTexts(bytes, limits)) {
        if (record.kind !== 'text') continue
        count += 1
        if (count % step > 0) continue
        const kept = parseStorableAdvisory(record.text)
        if (kept.kind !== 'advisory') continue
        const read = readNormalisedAdvisory(kept.advisory.json)
        // An absent member and one that is undefined say the same.
        assert.equal(JSON.stringify(read), JSON.stringify(kept), `${name} line ${record.line}`)
        judged += 1
      }
    }
    assert.ok(judged > 90_000 / step, String(judged))
  },
)

function keptRecord(): StorableAdvisory {
  const read = parseStorableAdvisory(
    JSON.stringify(osvRecord({ id: 'A-1', aliases: ['CVE-2026-0001'], severity: 'x' })),
  )
  if (read.kind !== 'advisory') throw new Error(read.reason)
  return read.advisory
}

const faults: readonly (readonly [name: string, change: object])[] = [
  ['an id with a space', { id: 'A 1' }],
  ['an overlong id', { id: 'A'.repeat(129) }],
  ['a date that is none', { withdrawn: 'soon' }],
  ['a link that is no web address', { references: [{ type: 'WEB', url: 'javascript:alert(1)' }] }],
  ['packages that are no list', { affected: {} }],
  ['a package without a name', { affected: [{ ecosystem: 'npm' }] }],
  ['a member that is not known', { exploited: false }],
  ['an overlong text', { details: 'x'.repeat(8001) }],
  ['null for an absent member', { summary: null }],
]

for (const [name, change] of faults) {
  test(`rejects ${name}`, () => {
    const document = { ...(JSON.parse(keptRecord().json) as object), ...change }
    assert.equal(readNormalisedAdvisory(JSON.stringify(document)).kind, 'rejected')
  })
}

test('any text is read or rejected, and what is read is stored as it was written', () => {
  const base = keptRecord().json
  const text = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .tuple(fc.nat(base.length), fc.string({ maxLength: 3 }))
      .map(([at, piece]) => base.slice(0, at) + piece + base.slice(at + piece.length)),
  )
  fc.assert(
    fc.property(text, (line) => {
      const read = readNormalisedAdvisory(line)
      if (read.kind !== 'advisory') return
      assert.deepEqual(JSON.parse(read.advisory.json), JSON.parse(line))
    }),
    { numRuns: fuzzRuns(500), seed: fuzzSeed() },
  )
})
