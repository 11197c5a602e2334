import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { eventsOf } from '../../test/kit/jobs.ts'
import {
  npmPackage,
  push,
  repositoryId,
  runScan,
  scanPlace,
  testAccount,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import type { Digest } from '../oci/digest.ts'
import { findScan, type FoundScan } from './find-scan.ts'
import { listFindings } from './list-findings.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'
import { requestScan } from './request-scan.ts'
import { describeRescanDurations, putRescanDurations } from './rescan-durations.ts'
import { reviewEligibility } from './review-eligibility.ts'
import type { RescanDurations } from './rules/rescan-eligibility.ts'
import { openSuppressions } from './suppressions.ts'

const options = { signal: new AbortController().signal }
const dayMs = 86_400_000

interface World extends ScanPlace {
  readonly digest: Digest
}

/** An image pushed now, with one flaw, in a repository that is scanned continuously. */
async function world(t: TestContext): Promise<World> {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  await reevaluatePackages(place, {}, options)
  const { digest } = await push(place, { layers: [layerOf(npmPackage('left-pad', '1.0.0'))] })
  await setDates(place, digest, { pushedAt: place.clock.now() })
  await runScan(place, digest)
  return { ...place, digest }
}

async function setDates(
  { database }: ScanPlace,
  digest: Digest,
  { pushedAt, pulledAt }: { readonly pushedAt?: Date; readonly pulledAt?: Date },
): Promise<void> {
  await database.transaction(async (tx) => {
    const set = async (column: string, at: Date | undefined): Promise<void> => {
      if (at === undefined) return
      await tx.run(`UPDATE manifests SET ${column} = $1 WHERE digest = $2`, [at.getTime(), digest])
    }
    await set('pushed_at', pushedAt)
    await set('last_pulled_at', pulledAt)
  })
}

async function allow(place: World, pushDays?: number, pullDays?: number): Promise<void> {
  const durations: RescanDurations = { pushDays, pullDays, pullMode: 'LAST_PULL_DATE' }
  await putRescanDurations(place, { account: testAccount, durations })
}

async function review(place: World): Promise<void> {
  const { database, clock } = place
  const suppressions = openSuppressions({ reader: database, clock, keys: [], hosts: () => [] })
  await reviewEligibility({ database, clock, defaults: 'secure', suppressions }, options)
}

/** New data: the flaw of before goes, another comes. */
async function newData(place: World): Promise<void> {
  await importRecords(place, [osvRecord({ id: 'GHSA-2' })], { confirmLoss: true })
  await reevaluatePackages(place, {}, options)
}

async function seen(place: World): Promise<{ readonly scan: FoundScan; readonly ids: string }> {
  const key = { repositoryId, digest: place.digest }
  const scan = await findScan(place.database, place.images.content, key)
  assert.ok(scan !== undefined)
  const { instances, left } = scan
  const { findings } = await listFindings(place.database, instances, undefined, {
    asOf: left?.revision,
  })
  return { scan, ids: findings.map(({ vulnerability }) => vulnerability).join(' ') }
}

test('an image whose days are over leaves: its findings stay those of the day it left, and say so', async (t: TestContext) => {
  const place = await world(t)
  await allow(place, 30)
  place.clock.advance(31 * dayMs)
  await review(place)
  await newData(place)
  const { scan, ids } = await seen(place)
  assert.deepEqual(scan.left, { at: place.clock.now(), revision: 1 })
  assert.equal(ids, 'GHSA-1')
  assert.deepEqual(
    (await eventsOf(place.database, 'ScanEligibilityChanged')).map(({ detail }) => detail),
    [{ digest: place.digest, isEligible: false, revision: 1 }],
  )
})

test('without durations, and before the days are over, nothing leaves and findings are the newest', async (t: TestContext) => {
  const place = await world(t)
  place.clock.advance(10_000 * dayMs)
  await review(place)
  assert.equal((await seen(place)).scan.left, undefined)
  await setDates(place, place.digest, { pushedAt: place.clock.now() })
  await allow(place, 30)
  place.clock.advance(29 * dayMs)
  await review(place)
  await newData(place)
  const { scan, ids } = await seen(place)
  assert.deepEqual([scan.left, ids], [undefined, 'GHSA-2'])
})

test('a pull brings an image back: a reader sees it at once, and what changed meanwhile is told', async (t: TestContext) => {
  const place = await world(t)
  await allow(place, 30, 14)
  place.clock.advance(31 * dayMs)
  await review(place)
  await newData(place)
  place.clock.advance(dayMs)
  await setDates(place, place.digest, { pulledAt: place.clock.now() })
  const { scan, ids } = await seen(place)
  assert.deepEqual([scan.left, ids], [undefined, 'GHSA-2'])
  await review(place)
  await review(place)
  const [changed, ...more] = await eventsOf(place.database, 'ImageFindingsChanged')
  assert.deepEqual(more, [])
  assert.partialDeepStrictEqual(changed, {
    resource: 'team/app1',
    account: testAccount,
    detail: {
      digest: place.digest,
      cause: 'eligibility',
      revision: 2,
      counts: { opened: 1, closed: 1, changed: 0 },
      opened: [{ vulnerability: 'GHSA-2', package: 'pkg:npm/left-pad@1.0.0' }],
      closed: [{ vulnerability: 'GHSA-1' }],
    },
  })
  const told = await eventsOf(place.database, 'ScanEligibilityChanged')
  assert.equal(told.length, 2)
})

test('an image that was pushed again, and whose days are over again before a review, leaves anew', async (t: TestContext) => {
  const place = await world(t)
  await allow(place, 3)
  place.clock.advance(4 * dayMs)
  await review(place)
  place.clock.advance(1)
  await setDates(place, place.digest, { pushedAt: place.clock.now() })
  await newData(place)
  place.clock.advance(4 * dayMs)
  await review(place)
  const { scan, ids } = await seen(place)
  assert.deepEqual([scan.left, ids], [{ at: place.clock.now(), revision: 2 }, 'GHSA-2'])
})

test('an image that is back is read by the newest scanner, which passed it over while it was out', async (t: TestContext) => {
  const place = await world(t)
  await allow(place, 30, 14)
  place.clock.advance(31 * dayMs)
  await review(place)
  await place.database.transaction(async (tx) => {
    await tx.run(`UPDATE image_scans SET extractor_revision = '0000'`)
    await tx.run('DELETE FROM jobs')
  })
  place.clock.advance(dayMs)
  await setDates(place, place.digest, { pulledAt: place.clock.now() })
  await review(place)
  const jobs = await place.database.all('SELECT kind, key FROM jobs')
  assert.deepEqual(
    jobs.map(({ kind, key }) => [kind, key]),
    [['scan-image', `1/${place.digest}`]],
  )
})

test('a pull that the account does not count leaves the image out', async (t: TestContext) => {
  const place = await world(t)
  await allow(place, 30)
  place.clock.advance(31 * dayMs)
  await review(place)
  place.clock.advance(dayMs)
  await setDates(place, place.digest, { pulledAt: place.clock.now() })
  await review(place)
  assert.notEqual((await seen(place)).scan.left, undefined)
})

test('a scan asked for by hand makes an image known as it is', async (t: TestContext) => {
  const place = await world(t)
  await allow(place, 30)
  place.clock.advance(31 * dayMs)
  await review(place)
  await newData(place)
  const key = { repositoryId, digest: place.digest }
  const asked = { account: testAccount, origin: 'hand' } as const
  await place.database.transaction((tx) => requestScan(tx, key, asked, place.clock.now()))
  await runScan(place, place.digest)
  const { scan, ids } = await seen(place)
  assert.deepEqual([scan.left, ids], [undefined, 'GHSA-2'])
})

test('no image leaves while packages wait to be evaluated: its findings would not be whole', async (t: TestContext) => {
  const place = await world(t)
  await allow(place, 30)
  place.clock.advance(31 * dayMs)
  await importRecords(place, [osvRecord({ id: 'GHSA-2' })], { confirmLoss: true })
  await review(place)
  assert.equal((await seen(place)).scan.left, undefined)
  await reevaluatePackages(place, {}, options)
  await review(place)
  const { scan, ids } = await seen(place)
  assert.deepEqual([scan.left?.revision, ids], [2, 'GHSA-2'])
})

test('other durations bring images back until the review has looked at them', async (t: TestContext) => {
  const place = await world(t)
  await allow(place, 30)
  place.clock.advance(31 * dayMs)
  await review(place)
  place.clock.advance(1)
  await allow(place, undefined)
  assert.equal((await seen(place)).scan.left, undefined)
  assert.equal((await describeRescanDurations(place.database, testAccount)).pushDays, undefined)
  await review(place)
  const stored = await place.database.first('SELECT left_at FROM image_scans')
  assert.equal(stored?.['left_at'], null)
})

test('whatever happens in which order, a review ends in what the dates of the image say', async (t: TestContext) => {
  const place = await world(t)
  const step = fc.oneof(
    fc.record({ kind: fc.constant('days' as const), days: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constantFrom('push' as const, 'pull' as const, 'review' as const) }),
    fc.record({
      kind: fc.constant('durations' as const),
      push: fc.constantFrom(3, 30, undefined),
      pull: fc.constantFrom(undefined, 3, 30),
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      let durations: readonly [number | undefined, number | undefined] = [undefined, undefined]
      let pushed = place.clock.now()
      let pulled = pushed
      await setDates(place, place.digest, { pushedAt: pushed, pulledAt: pulled })
      await allow(place)
      for (const one of steps) {
        // Two things never happen at the very same millisecond.
        place.clock.advance(1)
        if (one.kind === 'days') place.clock.advance(one.days * dayMs)
        if (one.kind === 'push')
          await setDates(place, place.digest, { pushedAt: (pushed = place.clock.now()) })
        if (one.kind === 'pull')
          await setDates(place, place.digest, { pulledAt: (pulled = place.clock.now()) })
        if (one.kind === 'durations') await allow(place, ...(durations = [one.push, one.pull]))
        if (one.kind === 'review') await review(place)
      }
      place.clock.advance(1)
      await review(place)
      const now = place.clock.now().getTime()
      const [pushDays, pullDays] = durations
      const isYoung = pushDays === undefined || now - pushed.getTime() <= pushDays * dayMs
      const isUsed = pullDays !== undefined && now - pulled.getTime() <= pullDays * dayMs
      assert.equal((await seen(place)).scan.left === undefined, isYoung || isUsed)
    }),
    { numRuns: 100 },
  )
})
