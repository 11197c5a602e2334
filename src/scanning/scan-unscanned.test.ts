import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { insertImages, layerOf } from '../../test/kit/image-builder.ts'
import { runJobs } from '../../test/kit/jobs.ts'
import {
  npmPackage,
  scanPlace,
  testAccount as account,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import { enqueue } from '../jobs/queue.ts'
import { mediaTypes } from '../oci/media-type.ts'
import { putScanning } from './put-scanning.ts'
import type { ScanningConfiguration } from './rules/scanning-rules.ts'
import { scanUnscanned, unscannedOf } from './scan-unscanned.ts'

const layers = [layerOf(npmPackage('left-pad', '1.0.0'))]

/** Repositories team/app1 to team/app3, with an image, an index and a signature each. */
async function world(t: TestContext): Promise<ScanPlace> {
  const place = await scanPlace(t)
  const { images, database } = place
  const digests = [
    images.addImage({ layers }).digest,
    images.addManifest({ manifests: [] }, mediaTypes.ociIndex),
    images.addImage({ layers, layerMediaType: 'application/vnd.in-toto+json' }).digest,
  ]
  await database.transaction(async (tx) => {
    for (const id of [1, 2, 3]) await insertImages(tx, id, digests)
  })
  return place
}

async function asked(place: ScanPlace): Promise<readonly unknown[]> {
  const rows = await place.database.all(
    'SELECT repository_id, status FROM image_scans ORDER BY repository_id',
  )
  return rows.map((row) => `${String(row['repository_id'])} ${String(row['status'])}`)
}

async function walk(place: ScanPlace): Promise<void> {
  await runJobs(place, {
    'scan-unscanned': (input, options) =>
      scanUnscanned({ ...place, defaults: 'aws' }, input, options),
    'scan-image': async () => Promise.resolve(),
  })
}

async function put(place: ScanPlace, configuration: ScanningConfiguration): Promise<void> {
  await putScanning({ ...place, defaults: 'aws' }, { account, principal: 'arn', configuration })
}

test('images that were there before are scanned where the new rules scan continuously', async (t: TestContext) => {
  const place = await world(t)
  const rules = [{ frequency: 'CONTINUOUS_SCAN', filters: ['app1', 'app3'] }] as const
  await put(place, { scanType: 'ENHANCED', rules })
  await walk(place)
  assert.deepEqual(await asked(place), ['1 PENDING', '3 PENDING'])
})

test('rules for pushes only leave what is there as it is', async (t: TestContext) => {
  const place = await world(t)
  await put(place, { scanType: 'ENHANCED', rules: [{ frequency: 'SCAN_ON_PUSH', filters: ['*'] }] })
  await walk(place)
  assert.deepEqual(await asked(place), [])
})

test('a walk over many images asks for each once, and gives other jobs their turn between', async (t: TestContext) => {
  const place = await world(t)
  const { database, clock } = place
  await database.transaction(async (tx) => {
    for (let n = 0; n < 250; n += 1)
      await tx.run(
        `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
         VALUES (2, $1, 'm', 0, $2, 'somebody', 0, x'')`,
        [`sha256:${n.toString(16).padStart(64, '0')}`, n % 7],
      )
  })
  const rules = [{ frequency: 'CONTINUOUS_SCAN', filters: ['*'] }] as const
  await put(place, { scanType: 'ENHANCED', rules })
  const image = place.images.addImage({ layers })
  const found = await place.images.content.findManifest(image.digest)
  const content = { ...place.images.content, findManifest: async () => Promise.resolve(found) }
  const ran = await runJobs(place, {
    'scan-unscanned': (input, options) =>
      scanUnscanned({ ...place, defaults: 'aws', contentOf: () => content }, input, options),
    'scan-image': async () => Promise.resolve(),
  })
  assert.equal(ran.filter((kind) => kind === 'scan-image').length, 250 + 9)
  assert.ok(ran.lastIndexOf('scan-unscanned') > ran.indexOf('scan-image'))
  await database.transaction((tx) => enqueue(tx, unscannedOf(account), clock.now()))
  await walk(place)
  assert.equal((await asked(place)).length, 250 + 9)
})
