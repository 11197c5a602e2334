import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { holdImage, holdingPlace, keptCounts, settle } from '../../test/kit/holding-place.ts'
import type { Feed } from '../feeds/feed.ts'
import { describeAdvisories } from './describe-advisories.ts'
import { findFeedPart, writePartChecked } from './feed-part-store.ts'
import { listMatches } from './list-matches.ts'
import { removeSource } from './remove-source.ts'

const { signal } = new AbortController()
const leftPad = { package: { type: 'npm', name: 'left-pad', version: '1.0.0' } }

async function world(t: TestContext) {
  const at = holdingPlace(await temporaryDatabase(t))
  await importRecords(at, [osvRecord({ id: 'GHSA-1' }), osvRecord({ id: 'GHSA-2' })], {
    source: 'osv/npm',
  })
  await importRecords(at, [osvRecord({ id: 'GHSA-3' })], { source: 'own' })
  await at.database.transaction((tx) =>
    writePartChecked(
      tx,
      { feed: 'osv', part: 'npm', name: 'osv/npm' },
      { cursor: 'c', nextAttemptAt: at.clock.now(), now: at.clock.now() },
    ),
  )
  await holdImage(at, { name: 'one', packages: [leftPad], distribution: undefined })
  await settle(at)
  return at
}

test('a source that the settings name, one that ships with the product and one that is not there are refused', async (t) => {
  const at = await world(t)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing but its name is asked
  const feed = { name: 'osv' } as Feed
  const refuse = async (
    source: string,
    chosen: Parameters<typeof removeSource>[0]['chosen'],
    code: string,
  ): Promise<void> =>
    assert.rejects(removeSource({ ...at, chosen }, { source }, { signal }), { code })
  await refuse('osv/npm', [{ feed, parts: undefined }], 'ADVISORY_SOURCE_CHOSEN')
  await refuse('osv/npm', [{ feed, parts: ['npm', 'PyPI'] }], 'ADVISORY_SOURCE_CHOSEN')
  await refuse('starter', [], 'ADVISORY_SOURCE_RESERVED')
  await refuse('osv/PyPI', [], 'ADVISORY_SOURCE_UNKNOWN')
  assert.partialDeepStrictEqual(await keptCounts(at, 'one'), { UNDEFINED: 3 })
})

test('what a source said ends with it, as of the next revision, and of what it said before nothing is lost', async (t) => {
  const at = await world(t)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing but its name is asked
  const feed = { name: 'osv' } as Feed
  const deps = { ...at, chosen: [{ feed, parts: ['PyPI'] }] }
  const removal = await removeSource(deps, { source: 'osv/npm' }, { signal })
  assert.deepEqual(removal, { source: 'osv/npm', removed: 2, revision: 3 })
  await settle(at)
  assert.partialDeepStrictEqual(await keptCounts(at, 'one'), { UNDEFINED: 1 })
  const [row] = await at.database.all("SELECT id FROM packages WHERE name = 'left-pad'")
  const names = async (revision: number): Promise<readonly string[]> =>
    (await listMatches(at.database, [Number(row?.['id'])], revision)).map(
      ({ vulnerability }) => vulnerability,
    )
  assert.deepEqual(await names(2), ['GHSA-1', 'GHSA-2', 'GHSA-3'])
  assert.deepEqual(await names(3), ['GHSA-3'])
  const { sources } = await describeAdvisories(at)
  assert.deepEqual(
    sources.map(({ name }) => name),
    ['own'],
  )
  // Chosen again, its whole state is fetched: a cursor would bring no more than what is new.
  assert.equal(await findFeedPart(at.database, 'osv/npm'), undefined)
  await assert.rejects(removeSource(deps, { source: 'osv/npm' }, { signal }), {
    code: 'ADVISORY_SOURCE_UNKNOWN',
  })
})

test('a removal that is cut off leaves everything as it was', async (t) => {
  const at = await world(t)
  const stopped = AbortSignal.abort(new Error('stopped'))
  await assert.rejects(
    removeSource({ ...at, chosen: [] }, { source: 'osv/npm' }, { signal: stopped }),
    /stopped/,
  )
  await settle(at)
  assert.partialDeepStrictEqual(await keptCounts(at, 'one'), { UNDEFINED: 3 })
  assert.partialDeepStrictEqual(
    await removeSource({ ...at, chosen: [] }, { source: 'osv/npm' }, { signal }),
    { removed: 2 },
  )
})
