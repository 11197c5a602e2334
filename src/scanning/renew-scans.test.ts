import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf, type BuiltImage } from '../../test/kit/image-builder.ts'
import { eventsOf, runJobs } from '../../test/kit/jobs.ts'
import {
  npmPackage,
  push,
  repositoryId,
  result,
  runScan,
  scanPlace,
  testAccount,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import { enqueue } from '../jobs/queue.ts'
import type { JobHandler } from '../jobs/worker.ts'
import { extractorRevision } from './examine-image.ts'
import { renewalFrom, renewScans } from './renew-scans.ts'
import { requestScan } from './request-scan.ts'
import { scanImage } from './scan-image.ts'

interface World extends ScanPlace {
  readonly image: BuiltImage
}

/** An image with left-pad and right-pad, of which an earlier scanner found left-pad only; both have a flaw. */
async function world(t: TestContext): Promise<World> {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({ id: 'CVE-2026-1' }),
    osvRecord({ id: 'CVE-2026-2', name: 'right-pad' }),
  ])
  const less = await push(place, { layers: [layerOf(npmPackage('left-pad', '1.0.0'))] })
  const files = { ...npmPackage('left-pad', '1.0.0'), ...npmPackage('right-pad', '1.0.0') }
  const image = await push(place, { layers: [layerOf(files)] })
  for (const { digest } of [less, image]) await runScan(place, digest)
  await place.database.transaction(async (tx) => {
    await tx.run(
      `UPDATE image_scans SET extractor_revision = '0000', instances =
         (SELECT instances FROM image_scans WHERE digest = $1) WHERE digest = $2`,
      [less.digest, image.digest],
    )
    await tx.run('DELETE FROM manifests WHERE digest = $1', [less.digest])
    await tx.run('DELETE FROM events')
    await tx.run('DELETE FROM jobs')
    await tx.run('DELETE FROM layer_inventories')
  })
  return { ...place, image }
}

async function start(place: World): Promise<void> {
  await place.database.transaction((tx) => enqueue(tx, renewalFrom(undefined), place.clock.now()))
}

function handlersOf(place: World): Readonly<Record<string, JobHandler>> {
  return {
    'renew-scans': (input) => renewScans(place, input),
    'scan-image': (_, options) =>
      scanImage(place, { repositoryId, digest: place.image.digest }, options),
  }
}

async function vulnerabilities(place: World): Promise<string> {
  const { findings } = await result(place, place.image.digest)
  return findings.map(({ vulnerability }) => vulnerability).join(' ')
}

test('what an earlier scanner read is read again, and what that found is told', async (t: TestContext) => {
  const place = await world(t)
  assert.equal(await vulnerabilities(place), 'CVE-2026-1')
  await start(place)
  await runJobs(place, handlersOf(place))
  assert.equal(await vulnerabilities(place), 'CVE-2026-1 CVE-2026-2')
  assert.equal((await result(place, place.image.digest)).scan.engine, extractorRevision)
  const [changed, ...more] = await eventsOf(place.database, 'ImageFindingsChanged', 'ScanCompleted')
  assert.deepEqual(more, [], 'a renewal that nobody asked for is no completed scan')
  assert.partialDeepStrictEqual(changed, {
    account: testAccount,
    resource: 'team/app1',
    detail: {
      digest: place.image.digest,
      cause: 'engine',
      engine: extractorRevision,
      revision: 1,
      counts: { opened: 1, closed: 0, changed: 0 },
      opened: [{ vulnerability: 'CVE-2026-2', package: 'pkg:npm/right-pad@1.0.0' }],
    },
  })
})

test('until the new result is there the old one stands, and says which scanner it is of', async (t: TestContext) => {
  const place = await world(t)
  await start(place)
  await renewScans(place, {})
  const { scan } = await result(place, place.image.digest)
  assert.deepEqual([scan.status, scan.engine], ['COMPLETE', '0000'])
  const handlers = handlersOf(place)
  const watching: JobHandler = async (input, options) => {
    assert.equal((await result(place, place.image.digest)).scan.status, 'COMPLETE')
    await handlers['scan-image']?.(input, options)
  }
  await runJobs(place, { ...handlers, 'scan-image': watching })
})

test('an image that cannot be read again keeps its result', async (t: TestContext) => {
  const place = await world(t)
  const broken = { ...place, contentOf: () => ({ ...place.images.content, findManifest: nothing }) }
  await start(place)
  await runJobs(place, {
    ...handlersOf(place),
    'scan-image': (_, options) =>
      scanImage(broken, { repositoryId, digest: place.image.digest }, options),
  })
  const { scan } = await result(place, place.image.digest)
  assert.deepEqual([scan.status, scan.engine], ['COMPLETE', '0000'])
  assert.equal(await vulnerabilities(place), 'CVE-2026-1')
  await start(place)
  await runJobs(place, handlersOf(place))
  assert.equal((await result(place, place.image.digest)).scan.engine, extractorRevision)
})

async function nothing(): Promise<undefined> {
  return Promise.resolve(undefined)
}

test('an image that left continuous scanning is not read again', async (t: TestContext) => {
  const place = await world(t)
  await place.database.transaction(
    async (tx) => void (await tx.run('UPDATE image_scans SET left_at = 1, left_revision = 1')),
  )
  await start(place)
  assert.deepEqual(await runJobs(place, handlersOf(place)), ['renew-scans', 'renew-scans'])
})

test('a scan asked for anew tells what changed in the inventory, beside that it is complete', async (t: TestContext) => {
  const place = await world(t)
  await place.database.transaction(async (tx) => {
    await tx.run('UPDATE image_scans SET extractor_revision = $1', [extractorRevision])
    const asked = { account: testAccount, origin: 'hand' } as const
    await requestScan(tx, { repositoryId, digest: place.image.digest }, asked, place.clock.now())
  })
  await runJobs(place, handlersOf(place))
  const told = await eventsOf(place.database, 'ImageFindingsChanged', 'ScanCompleted')
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['ScanCompleted', 'ImageFindingsChanged'],
  )
  assert.partialDeepStrictEqual(told[1], { detail: { cause: 'scan', counts: { opened: 1 } } })
})

test('all that are outdated are asked for, whether their scanner sorts before or behind, and none twice', async (t: TestContext) => {
  const place = await world(t)
  const wanted = await copyScans(place, ['0001', extractorRevision, 'zzzz'], 120)
  await start(place)
  const asked: string[] = []
  const ran = await runJobs(place, {
    'renew-scans': (input) => renewScans(place, input),
    'scan-image': async (input) => {
      asked.push(JSON.stringify(input))
      return Promise.resolve()
    },
  })
  assert.equal(asked.length, wanted + 1)
  assert.equal(new Set(asked).size, asked.length)
  // Only so many wait at a time: the walk goes on when they are done.
  assert.ok(ran.lastIndexOf('renew-scans') > ran.indexOf('scan-image'))
})

/** Copies of the image for each engine; how many are of another than now. */
async function copyScans(
  { database }: World,
  engines: readonly string[],
  copies: number,
): Promise<number> {
  await database.transaction(async (tx) => {
    for (const [at, engine] of engines.entries())
      for (let n = 0; n < copies; n += 1) {
        const digest = `sha256:${(at * 1000 + n).toString(16).padStart(64, '0')}`
        await tx.run(
          `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
           VALUES (1, $1, 'm', 0, 0, 'somebody', 0, x'')`,
          [digest],
        )
        await tx.run(
          `INSERT INTO image_scans (repository_id, digest, status, notes, data_needed, extractor_revision, requested_at, completed_at)
           VALUES (1, $1, 'COMPLETE', '[]', '[]', $2, 0, 0)`,
          [digest, engine],
        )
      }
  })
  return engines.filter((engine) => engine !== extractorRevision).length * copies
}
