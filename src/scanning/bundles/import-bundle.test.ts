import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { importRecords, osvRecord } from '../../../test/kit/advisories.ts'
import {
  bundleLine,
  bundlePlace,
  exportBundle,
  forgeBundle,
  importFacts,
  importInto,
  keysOf,
  tarOf,
  visibleState,
  wholeState,
  type BundlePlace,
} from '../../../test/kit/bundles.ts'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { describeAdvisories } from '../describe-advisories.ts'
import { isScanningError } from '../errors.ts'
import type { BundleManifest } from '../rules/bundle-manifest.ts'
import { makeBundleKeys } from './signing-keys.ts'

const day = 86_400_000

function many(count: number, prefix = 'GHSA'): readonly Readonly<Record<string, unknown>>[] {
  return Array.from({ length: count }, (_, index) =>
    osvRecord({ id: `${prefix}-${String(index).padStart(4, '0')}`, name: `package-${index % 7}` }),
  )
}

/** Two sources and three tables, and a bundle of them. */
async function giver(
  t: TestContext,
): Promise<{ readonly at: BundlePlace; readonly bundle: Buffer }> {
  const at = await bundlePlace(t)
  await importRecords(at, many(30), { source: 'first' })
  await importRecords(at, [osvRecord({ id: 'OTHER-1', fixed: '2' })], { source: 'second' })
  await importFacts(at, '#score_date:2026-11-20\ncve,epss,percentile\nCVE-2026-0001,0.00042,0.1\n')
  await importFacts(
    at,
    'cveID,dateAdded,dueDate,knownRansomwareCampaignUse\nCVE-2026-0001,2026-11-01,,Known\n',
  )
  await importFacts(
    at,
    'cve,cvss_vector,cvss_source\nCVE-2026-0001,CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H,"who, else"\n',
  )
  return { at, bundle: await exportBundle(at) }
}

function signatureOffset(bundle: Buffer): number {
  return bundle.indexOf('manifest.sig') + 512
}

test('refuses a bundle of a key that is not believed, and says which', async (t) => {
  const { at, bundle } = await giver(t)
  const taker = await bundlePlace(t)
  const before = await wholeState(taker)
  const [key] = await keysOf(at)
  await assert.rejects(importInto(taker, bundle), (error) => {
    assert.ok(isScanningError(error))
    assert.equal(error.code, 'BUNDLE_KEY_UNKNOWN')
    assert.ok(error.message.includes(key?.fingerprint ?? 'no key'))
    return true
  })
  assert.deepEqual(await wholeState(taker), before)
  assert.deepEqual(await readdir(taker.temporaryDirectory), [], 'nothing of it is left')
})

test('refuses a bundle without a signature unless that is asked for', async (t) => {
  const taker = await bundlePlace(t)
  const forged = forgeBundle([{ lines: [bundleLine(osvRecord({ id: 'A-1' }))] }])
  await assert.rejects(importInto(taker, forged), { code: 'BUNDLE_UNSIGNED' })
  const report = await importInto(taker, forged, { allowUnsigned: true })
  assert.equal(report.signedBy, undefined)
  assert.equal((await visibleState(taker)).length, 1)
})

test('refuses another signature of a key that is believed, also where none is asked for', async (t) => {
  const { at, bundle } = await giver(t)
  const keys = await keysOf(at)
  const taker = await bundlePlace(t)
  const other = Buffer.from(bundle)
  const offset = signatureOffset(other)
  other.writeUInt8(other.readUInt8(offset) ^ 1, offset)
  for (const allowUnsigned of [false, true])
    await assert.rejects(importInto(taker, other, { keys, allowUnsigned }), {
      code: 'BUNDLE_SIGNATURE_INVALID',
    })
  assert.deepEqual(await visibleState(taker), [])
})

test('brings all sources and tables, as old as they were where the bundle was made', async (t) => {
  const { at, bundle } = await giver(t)
  const taker = await bundlePlace(t)
  taker.clock.advance(3 * day)
  const report = await importInto(taker, bundle, { keys: await keysOf(at) })
  assert.deepEqual(await visibleState(taker), await visibleState(at))
  assert.equal(report.signedBy, (await keysOf(at))[0]?.fingerprint)
  const told = await describeAdvisories(taker)
  assert.equal(told.ageSeconds, (3 * day) / 1000)
  assert.equal(told.stale, true)
  assert.equal(told.bundle?.bundleId, report.bundle)
  assert.deepEqual(
    told.cveFacts.map(({ kind, ageSeconds }) => [kind, ageSeconds]),
    [
      ['cvss', (3 * day) / 1000],
      ['epss', (3 * day) / 1000],
      ['kev', (3 * day) / 1000],
    ],
  )
})

test('the same bundle again changes nothing, and passes on as the same', async (t) => {
  const { at, bundle } = await giver(t)
  const taker = await bundlePlace(t)
  const keys = await keysOf(at)
  const first = await importInto(taker, bundle, { keys })
  const again = await importInto(taker, bundle, { keys })
  assert.equal(again.revision, first.revision)
  for (const { added, changed, removed } of again.sources)
    assert.deepEqual([added, changed, removed], [0, 0, 0])
  assert.ok(again.cveFacts.every(({ isChanged }) => !isChanged))
  const third = await bundlePlace(t)
  const passedOn = await importInto(third, await exportBundle(taker), { keys: await keysOf(taker) })
  assert.equal(passedOn.bundle, first.bundle)
  assert.deepEqual(await visibleState(third), await visibleState(at))
})

test('a rotated key signs, and both are believed where both are given', async (t) => {
  const { at, bundle } = await giver(t)
  const former = await keysOf(at)
  await makeBundleKeys(at, { rotate: true })
  const taker = await bundlePlace(t)
  const newer = await exportBundle(at)
  await assert.rejects(importInto(taker, newer, { keys: former }), { code: 'BUNDLE_KEY_UNKNOWN' })
  const both = await keysOf(at)
  assert.equal(both.length, 2)
  await importInto(taker, newer, { keys: both })
  await importInto(taker, bundle, { keys: both })
})

test('refuses to go back to an older bundle unless that is asked for', async (t) => {
  const { at, bundle: older } = await giver(t)
  const keys = await keysOf(at)
  at.clock.advance(day)
  await importRecords(at, many(31), { source: 'first' })
  const newer = await exportBundle(at)
  const taker = await bundlePlace(t)
  taker.clock.advance(2 * day)
  await importInto(taker, newer, { keys })
  const before = await wholeState(taker)
  await assert.rejects(importInto(taker, older, { keys }), { code: 'BUNDLE_OLDER' })
  assert.deepEqual(await wholeState(taker), before)
  await importInto(taker, older, { keys, allowOlder: true })
  assert.equal((await visibleState(taker)).filter((line) => line.startsWith('first')).length, 30)
})

test('refuses a bundle from the future: one of the clocks was set', async (t) => {
  const { at } = await giver(t)
  at.clock.advance(3 * day)
  const bundle = await exportBundle(at)
  const taker = await bundlePlace(t)
  await assert.rejects(importInto(taker, bundle, { keys: await keysOf(at) }), {
    code: 'BUNDLE_FROM_FUTURE',
  })
})

test('a clock that was set back here takes nothing back, and one there is told as an older bundle', async (t) => {
  const { at, bundle } = await giver(t)
  const keys = await keysOf(at)
  const taker = await bundlePlace(t)
  await importInto(taker, bundle, { keys })
  at.clock.advance(-5 * day)
  await importRecords(at, many(32), { source: 'first' })
  await assert.rejects(importInto(taker, await exportBundle(at), { keys }), {
    code: 'BUNDLE_OLDER',
  })
  taker.clock.advance(-3 * day)
  await assert.rejects(importInto(taker, bundle, { keys }), { code: 'BUNDLE_FROM_FUTURE' })
})

test('refuses a sudden loss in any source before anything has changed, until it is confirmed', async (t) => {
  const { at, bundle } = await giver(t)
  const keys = await keysOf(at)
  const taker = await bundlePlace(t)
  await importInto(taker, bundle, { keys })
  await importRecords(at, [osvRecord({ id: 'OTHER-2' })], { source: 'added' })
  await importRecords(at, many(3), { source: 'first', confirmLoss: true })
  const smaller = await exportBundle(at)
  const before = await wholeState(taker)
  await assert.rejects(importInto(taker, smaller, { keys }), { code: 'ADVISORIES_LOST' })
  assert.deepEqual(await wholeState(taker), before)
  await importInto(taker, smaller, { keys, confirmLoss: true })
  assert.deepEqual(await visibleState(taker), await visibleState(at))
})

test('killed at any transaction, no source is half visible, and the same bundle finishes it', async (t) => {
  const { at, bundle } = await giver(t)
  const keys = await keysOf(at)
  const whole = await visibleState(at)
  for (let allowed = 1; ; allowed += 1) {
    const taker = await bundlePlace(t)
    let left = allowed
    const dying: BundlePlace = {
      ...taker,
      database: {
        ...taker.database,
        transaction(work, options) {
          left -= 1
          if (left < 0) throw new Error('killed')
          return taker.database.transaction(work, options)
        },
      },
    }
    const isDone = await importInto(dying, bundle, { keys }).then(
      () => true,
      () => false,
    )
    for (const source of ['first ', 'second ']) {
      const has = (await visibleState(taker)).filter((line) => line.startsWith(source)).length
      const all = whole.filter((line) => line.startsWith(source)).length
      assert.ok(has === 0 || has === all, `${source}has ${has} of ${all} after ${allowed}`)
    }
    // Whoever died holds its lease for a minute.
    taker.clock.advance(61_000)
    await importInto(taker, bundle, { keys })
    assert.deepEqual(await visibleState(taker), whole)
    if (isDone) return
  }
})

const line = (id: string): string => bundleLine(osvRecord({ id }))
const good = { lines: [line('A-1'), line('A-2')] }
type Source = BundleManifest['sources'][number]
const withSource =
  (change: (source: Source) => object) =>
  (manifest: BundleManifest): object => ({
    ...manifest,
    sources: manifest.sources.map((one) => ({ ...one, ...change(one) })),
  })

const hostile: readonly (readonly [name: string, bundle: () => Buffer, says: RegExp])[] = [
  ['nothing', () => Buffer.alloc(0), /ends too early/],
  ['no tar', () => Buffer.from('{"id":"X"}\n'.repeat(100)), /tar|checksum|header/],
  ['no manifest', () => tarOf([['other.json', Buffer.from('{}')]]), /manifest\.json was to come/],
  ['a manifest that is no JSON', () => tarOf([['manifest.json', Buffer.from('{')]]), /no JSON/],
  [
    'a manifest of another kind',
    () => tarOf([['manifest.json', Buffer.from('{"format":"x"}')]]),
    /does not say/,
  ],
  [
    'an endless manifest',
    () => tarOf([['manifest.json', Buffer.alloc(5 * 1024 ** 2, 'x')]]),
    /larger than/,
  ],
  [
    'a part that is named twice',
    () => forgeBundle([good, { lines: [line('B-1')], name: 'parts/0001.ndjson.zst' }]),
    /twice/,
  ],
  [
    'a source that is named twice',
    () =>
      forgeBundle(
        [good, { lines: [line('B-1')] }],
        withSource(() => ({ name: 'same' })),
      ),
    /twice/,
  ],
  [
    'the source that ships with the product',
    () =>
      forgeBundle(
        [good],
        withSource(() => ({ name: 'starter' })),
      ),
    /starter/,
  ],
  [
    'a name that is a path',
    () => forgeBundle([{ ...good, name: '../../etc/passwd' }]),
    /manifest is malformed/,
  ],
  [
    'a member that is not known',
    () => forgeBundle([good], (manifest) => ({ ...manifest, more: 1 })),
    /malformed/,
  ],
  [
    'an id of other content',
    () => forgeBundle([good], (manifest) => ({ ...manifest, id: 'f'.repeat(64) })),
    /id is not that/,
  ],
  [
    'a part that is said to grow beyond all measure',
    () => forgeBundle([{ ...good, decodedBytes: 10 ** 9 }]),
    /times its size/,
  ],
  [
    'a part that grows to more than was said',
    () => forgeBundle([{ ...good, bytes: zstdCompressSync(Buffer.alloc(50 * 1024 ** 2)) }]),
    /holds more/,
  ],
  [
    'a part that holds less than was said',
    () => forgeBundle([{ ...good, decodedBytes: 5000 }]),
    /holds less/,
  ],
  [
    'a part that is no zstd',
    () => forgeBundle([{ ...good, bytes: Buffer.from('not compressed') }]),
    /0001/,
  ],
  [
    'a part that is cut',
    () =>
      forgeBundle([{ ...good, bytes: zstdCompressSync(Buffer.from(line('A-1'))).subarray(0, 40) }]),
    /0001/,
  ],
  [
    'a record of ten megabytes',
    () => {
      const long = `{"id":"A-1","details":"${'x'.repeat(10 * 1024 ** 2)}"}`
      const bytes = zstdCompressSync(Buffer.from(`${long}\n`))
      return forgeBundle([{ lines: [long], bytes: Buffer.concat([bytes, skippable(60_000)]) }])
    },
    /line 1: longer than/,
  ],
  [
    'records out of order',
    () => forgeBundle([{ lines: [line('B-2'), line('B-1')] }]),
    /out of order/,
  ],
  ['a record twice', () => forgeBundle([{ lines: [line('B-1'), line('B-1')] }]), /out of order/],
  ['other counts', () => forgeBundle([{ ...good, entries: 3 }]), /has 2 records/],
  [
    'other records',
    () =>
      forgeBundle(
        [good],
        withSource(() => ({ records: 3 })),
      ),
    /speaks of/,
  ],
  ['a line that is no record', () => forgeBundle([{ lines: ['{"id":"A"}'] }]), /line 1/],
  ['a line that is no JSON', () => forgeBundle([{ lines: ['{"id":"A"'] }]), /is not JSON/],
  [
    'a record with a member that is not known',
    () => forgeBundle([{ lines: [line('A-1').replace('{', '{"exploit":1,')] }]),
    /line 1/,
  ],
  [
    'a record that is written otherwise than it is kept',
    () => forgeBundle([{ lines: [line('A-1').replace('{', '{ ')] }]),
    /not written as/,
  ],
  [
    'an impossible range',
    () => forgeBundle([{ lines: [line('A-1').replace('"kind":"open"', '"kind":"never"')] }]),
    /line 1/,
  ],
  [
    'an impossible date',
    () => forgeBundle([{ lines: [line('A-1').replace('2026-11-01T00:00:00Z', 'yesterday')] }]),
    /date/,
  ],
  ['a removal in a whole bundle', () => forgeBundle([{ lines: ['{"removed":"A-1"}'] }]), /line 1/],
  [
    'a file that the manifest does not name',
    () => {
      const forged = forgeBundle([good])
      return Buffer.concat([forged.subarray(0, -1024), tarOf([['more', Buffer.from('x')]])])
    },
    /does not name/,
  ],
]

/** A frame that decoders pass over: makes a part larger without making it longer. */
function skippable(size: number): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d2a50, 0)
  head.writeUInt32LE(size, 4)
  return Buffer.concat([head, Buffer.alloc(size)])
}

for (const [name, bundle, says] of hostile) {
  test(`refuses ${name}, and changes nothing`, async (t) => {
    const taker = await bundlePlace(t)
    await importRecords(taker, many(3), { source: 'forged-0' })
    const before = await wholeState(taker)
    await assert.rejects(importInto(taker, bundle(), { allowUnsigned: true }), (error) => {
      assert.ok(isScanningError(error), String(error))
      assert.equal(error.code, 'BUNDLE_UNREADABLE')
      assert.match(error.message, says)
      return true
    })
    assert.deepEqual(await wholeState(taker), before)
    assert.deepEqual(await readdir(taker.temporaryDirectory), [])
  })
}

test('a form of a newer program is told as one', async (t) => {
  const taker = await bundlePlace(t)
  const newer = forgeBundle([good], (manifest) => ({
    ...manifest,
    format: 'pratique.advisories.bundle/2',
  }))
  await assert.rejects(importInto(taker, newer, { allowUnsigned: true }), {
    code: 'BUNDLE_TOO_NEW',
  })
})

test('cut or with any bits turned, a bundle is refused as a whole or is as it was', async (t) => {
  const { at, bundle } = await giver(t)
  const keys = await keysOf(at)
  const whole = await visibleState(at)
  const taker = await bundlePlace(t)
  const damage = fc.record({
    end: fc.option(fc.integer({ min: 0, max: bundle.length - 1 }), { nil: undefined }),
    turned: fc.array(
      fc.tuple(fc.integer({ min: 0, max: bundle.length - 1 }), fc.integer({ min: 1, max: 255 })),
      {
        maxLength: 4,
      },
    ),
  })
  await fc.assert(
    fc.asyncProperty(damage, async ({ end, turned }) => {
      const other = Buffer.from(bundle.subarray(0, end))
      for (const [offset, bits] of turned)
        if (offset < other.length) other.writeUInt8(other.readUInt8(offset) ^ bits, offset)
      const before = await wholeState(taker)
      try {
        await importInto(taker, other, { keys })
      } catch (error) {
        assert.ok(isScanningError(error), String(error))
        assert.match(error.code, /^BUNDLE_/)
        assert.deepEqual(await wholeState(taker), before)
        return
      }
      // Padding says nothing, and what is behind the end is not read.
      assert.deepEqual(await visibleState(taker), whole)
    }),
    { numRuns: fuzzRuns(120), seed: fuzzSeed() },
  )
})
