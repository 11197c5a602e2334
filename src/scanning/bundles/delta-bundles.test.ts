import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { importRecords, osvRecord } from '../../../test/kit/advisories.ts'
import {
  bundlePlace,
  exportBundle,
  importFacts,
  importInto,
  keysOf,
  visibleState,
  wholeState,
  type BundlePlace,
} from '../../../test/kit/bundles.ts'
import { fuzzRuns, fuzzSeed } from '../../../test/kit/fuzz-runs.ts'
import { readAdvisoryState } from '../advisory-state-store.ts'
import type { DifferenceLine } from '../diff-advisories.ts'
import { diffBundle } from './diff-bundle.ts'

const { signal } = new AbortController()

function records(ids: readonly number[], fixed?: string): readonly unknown[] {
  return ids.map((id) =>
    osvRecord({
      id: `A-${String(id).padStart(3, '0')}`,
      ...(fixed !== undefined && id % 3 === 0 ? { fixed } : {}),
    }),
  )
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, id) => id)

async function setTo(at: BundlePlace, state: readonly unknown[]): Promise<void> {
  await importRecords(at, state, { source: 'first', confirmLoss: true })
}

test('a delta brings what was added, changed and removed, and no more', async (t) => {
  const at = await bundlePlace(t)
  const taker = await bundlePlace(t)
  await setTo(at, records(upTo(40)))
  await importRecords(at, [osvRecord({ id: 'OTHER-1' })], { source: 'second' })
  await importFacts(at, 'cve,epss,percentile\nCVE-2026-0001,0.1,0.2\n')
  const whole = await exportBundle(at)
  const keys = await keysOf(at)
  const first = await importInto(taker, whole, { keys })
  await setTo(at, records([...upTo(38), 50], '2.0'))
  const delta = await exportBundle(at, { bundleId: first.bundle })
  assert.ok(delta.length < whole.length)
  const report = await importInto(taker, delta, { keys })
  assert.equal(report.isDelta, true)
  assert.deepEqual(report.sources, [
    { source: 'first', records: 39, added: 1, changed: 13, removed: 2 },
    { source: 'second', records: 1, added: 0, changed: 0, removed: 0 },
  ])
  assert.deepEqual(await visibleState(taker), await visibleState(at))
  const again = await importInto(taker, delta, { keys })
  assert.equal(again.revision, report.revision, 'twice is once')
})

test('a delta can start from a revision of the data too', async (t) => {
  const at = await bundlePlace(t)
  const taker = await bundlePlace(t)
  await setTo(at, records(upTo(20)))
  const { revision } = await readAdvisoryState(at.database)
  const bundle = await exportBundle(at)
  const keys = await keysOf(at)
  await importInto(taker, bundle, { keys })
  await setTo(at, records(upTo(21)))
  await importInto(taker, await exportBundle(at, { revision }), { keys })
  assert.deepEqual(await visibleState(taker), await visibleState(at))
})

test('refuses a delta on any state but the one that it starts from', async (t) => {
  const at = await bundlePlace(t)
  await setTo(at, records(upTo(20)))
  const whole = await exportBundle(at)
  const keys = await keysOf(at)
  const { bundle: bundleId } = await importInto(await bundlePlace(t), whole, { keys })
  await setTo(at, records(upTo(22)))
  const delta = await exportBundle(at, { bundleId })
  const other = await bundlePlace(t)
  await setTo(other, records(upTo(19)))
  for (const taker of [await bundlePlace(t), other]) {
    const before = await wholeState(taker)
    await assert.rejects(importInto(taker, delta, { keys }), { code: 'BUNDLE_BASE_DIFFERS' })
    assert.deepEqual(await wholeState(taker), before)
  }
})

test('refuses to start from a bundle that was not made here, or a revision that is yet to be', async (t) => {
  const at = await bundlePlace(t)
  await setTo(at, records(upTo(3)))
  await assert.rejects(exportBundle(at, { bundleId: 'a'.repeat(64) }), {
    code: 'BUNDLE_BASE_UNKNOWN',
  })
  await assert.rejects(exportBundle(at, { revision: 99 }), { code: 'REVISION_UNKNOWN' })
})

test('there is nothing to export of the set that ships with the product', async (t) => {
  const at = await bundlePlace(t)
  await importRecords(at, records(upTo(3)), { source: 'starter' })
  await assert.rejects(exportBundle(at), { code: 'BUNDLE_EMPTY' })
})

test('what a bundle would change is told before, and nothing changes by it', async (t) => {
  const at = await bundlePlace(t)
  const taker = await bundlePlace(t)
  await setTo(at, records(upTo(12)))
  await setTo(taker, records([...upTo(9), 70], '2.0'))
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    yield await exportBundle(at)
  }
  const before = await wholeState(taker)
  const lines: DifferenceLine[] = []
  const input = { bytes: bytes(), keys: [], allowUnsigned: true }
  for await (const line of diffBundle(taker, input, { signal })) lines.push(line)
  const summary = lines.at(-1)
  assert.ok(summary?.kind === 'summary')
  assert.deepEqual(summary.sources, [
    { source: 'first', added: 3, changed: 3, removed: 1, textsOnly: 0 },
  ])
  const changed = lines.find((line) => line.kind === 'record' && line.change === 'changed')
  assert.partialDeepStrictEqual(changed, { id: 'A-000', what: ['ranges', 'fix'] })
  assert.deepEqual(await wholeState(taker), before)
})

test('any chain of deltas ends where a whole bundle of its last state does', async (t) => {
  const state = fc
    .tuple(fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1 }), fc.boolean())
    .map(([ids, isFixed]) => records(ids, isFixed ? '3.1' : undefined))
  await fc.assert(
    fc.asyncProperty(fc.array(state, { minLength: 2, maxLength: 5 }), async (states) => {
      const at = await bundlePlace(t)
      const taker = await bundlePlace(t)
      let bundleId: string | undefined
      for (const one of states) {
        await setTo(at, one)
        const bundle = await exportBundle(at, bundleId === undefined ? undefined : { bundleId })
        const keys = await keysOf(at)
        bundleId = (await importInto(taker, bundle, { keys, confirmLoss: true })).bundle
        assert.deepEqual(await visibleState(taker), await visibleState(at))
      }
    }),
    { numRuns: fuzzRuns(8), seed: fuzzSeed() },
  )
})
