import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { insertImages } from '../../test/kit/image-builder.ts'
import { repositoryId, scanPlace, testAccount, type ScanPlace } from '../../test/kit/scanning.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { findRepositoryById } from '../registry/repository-store.ts'
import { isScanningError } from './errors.ts'
import { putScanning } from './put-scanning.ts'
import type { RegistryDefaults } from './rules/scanning-rules.ts'
import { startScans } from './start-scans.ts'

const hourMs = 3_600_000

interface World extends ScanPlace {
  readonly digests: readonly Digest[]
}

async function world(t: TestContext, images = 2): Promise<World> {
  const place = await scanPlace(t)
  const digests = Array.from({ length: images }, (_, n) => digestOf(Buffer.from(String(n))))
  await place.database.transaction((tx) => insertImages(tx, repositoryId, digests))
  return { ...place, digests }
}

/** The code of the refusal, or `started`. */
async function start(
  place: World,
  defaults: RegistryDefaults,
  digests = place.digests,
): Promise<string> {
  const repository = await findRepositoryById(place.database, repositoryId)
  assert.ok(repository !== undefined)
  try {
    await startScans({ ...place, defaults }, { repository, digests })
    return 'started'
  } catch (error) {
    if (isScanningError(error)) return `${error.code}: ${error.message}`
    throw error
  }
}

test('under aws defaults an image is scanned once in 24 hours; secure ones have no such limit', async (t: TestContext) => {
  const place = await world(t)
  assert.equal(await start(place, 'aws'), 'started')
  place.clock.advance(24 * hourMs - 1)
  assert.equal(
    await start(place, 'aws', place.digests.slice(0, 1)),
    'SCAN_QUOTA: The scan quota per image has been exceeded. Wait and try again.',
  )
  assert.equal(await start(place, 'secure'), 'started')
  place.clock.advance(24 * hourMs)
  assert.equal(await start(place, 'aws'), 'started')
})

test('a clock that was set back holds up a scan for a day at most', async (t: TestContext) => {
  const place = await world(t)
  assert.equal(await start(place, 'aws'), 'started')
  place.clock.advance(-100 * 24 * hourMs)
  assert.equal(await start(place, 'aws'), 'started')
})

test('enhanced scanning takes no scans by hand under aws defaults', async (t: TestContext) => {
  const place = await world(t)
  const configuration = { scanType: 'ENHANCED', rules: [] } as const
  await putScanning(
    { ...place, defaults: 'aws' },
    { account: testAccount, principal: 'arn', configuration },
  )
  assert.equal(await start(place, 'aws'), 'SCAN_BY_HAND_OFF: This feature is disabled')
  assert.equal(await start(place, 'secure'), 'started')
})

test('the quota of a day is the account’s, and a new day has its own', async (t: TestContext) => {
  const place = await world(t, 3)
  const [first, second, third] = place.digests
  assert.ok(first !== undefined && second !== undefined && third !== undefined)
  assert.equal(await start(place, 'aws', [first]), 'started')
  await place.database.transaction(
    async (tx) => void (await tx.run('UPDATE asked_scans SET scans = 100000')),
  )
  assert.equal(
    await start(place, 'aws', [second]),
    'SCAN_QUOTA: The scan quota per registry has been exceeded. Wait and try again.',
  )
  place.clock.advance(24 * hourMs)
  assert.equal(await start(place, 'aws', [third]), 'started')
})

test('whoever has thousands of scans waiting is told to come again, and nothing of the call is asked for', async (t: TestContext) => {
  const place = await world(t)
  await place.database.transaction(async (tx) => {
    for (let n = 0; n < 10_000; n += 1)
      await tx.run(
        `INSERT INTO jobs (kind, key, input, priority, run_after, attempts, again, created_at, fair_key, turn)
         VALUES ('scan-image', $1, '{}', 25, 0, 0, 0, 0, $2, 1)`,
        [String(n), testAccount],
      )
  })
  assert.equal(await start(place, 'secure'), 'SCANS_WAITING: Rate exceeded')
  assert.deepEqual(await place.database.all('SELECT digest FROM image_scans'), [])
})
