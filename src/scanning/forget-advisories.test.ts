import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { result, push, runScan, scanPlace, type ScanPlace } from '../../test/kit/scanning.ts'
import { integer } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { diffAdvisories } from './diff-advisories.ts'
import { findRevision, requireKeptRevision } from './find-revision.ts'
import { forgetAdvisories, type Forgotten } from './forget-advisories.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'
import { showAdvisory } from './show-advisory.ts'

const { signal } = new AbortController()
const day = 86_400_000

async function importAndEvaluate(place: ScanPlace, records: readonly unknown[]): Promise<number> {
  await importRecords(place, records, { confirmLoss: true })
  await reevaluatePackages(place, {}, { signal })
  return (await readAdvisoryState(place.database)).revision
}

async function forget(
  place: ScanPlace,
  {
    days = 400,
    maxBatches = 100,
    inUse,
  }: { days?: number; maxBatches?: number; inUse?: number } = {},
): Promise<Forgotten> {
  const deps = { ...place, oldestInUse: () => Promise.resolve(inUse) }
  return forgetAdvisories(deps, { days, maxBatches }, { signal })
}

async function count(place: ScanPlace, table: 'advisories' | 'matches'): Promise<number> {
  const row = await place.database.first(`SELECT COUNT(*) AS n FROM ${table}`)
  return row === undefined ? 0 : integer(row, 'n')
}

const lodash = (fixed: string): unknown => osvRecord({ id: 'A-1', name: 'lodash', fixed })
const manifest = JSON.stringify({ name: 'lodash', version: '4.17.20' })
const image = { layers: [layerOf({ 'app/node_modules/lodash/package.json': manifest })] }

async function history(t: TestContext): Promise<ScanPlace> {
  const place = await scanPlace(t)
  await importAndEvaluate(place, [lodash('4.17.21')])
  const { digest } = await push(place, image)
  await runScan(place, digest)
  for (const fixed of ['4.17.22', '4.17.23', '4.17.24']) {
    place.clock.advance(100 * day)
    await importAndEvaluate(place, [lodash(fixed)])
  }
  return place
}

test('keeps everything that was in force within the days, and what is', async (t) => {
  const place = await history(t)
  const before = [await count(place, 'advisories'), await count(place, 'matches')]
  assert.deepEqual(await forget(place), {
    keptFrom: 0,
    matches: 0,
    advisories: 0,
    isDone: true,
  })
  assert.deepEqual([await count(place, 'advisories'), await count(place, 'matches')], before)
})

test('removes what only older revisions had, and says so where they are asked for', async (t) => {
  const place = await history(t)
  const forgotten = await forget(place, { days: 150 })
  assert.deepEqual(forgotten, { keptFrom: 2, matches: 1, advisories: 1, isDone: true })
  await assert.rejects(requireKeptRevision(place.database, 1), { code: 'REVISION_FORGOTTEN' })
  await assert.rejects(findRevision(place.database, '2026-11-25'), { code: 'REVISION_UNKNOWN' })
  await requireKeptRevision(place.database, 2)
  const shown = await showAdvisory(place.database, { id: 'A-1', withHolders: true })
  const [source] = shown.sources
  assert.deepEqual(
    source?.history.map(({ fromRevision, what }) => [fromRevision, what]),
    [
      [4, ['fix']],
      [3, ['fix']],
      [2, undefined],
    ],
  )
  assert.partialDeepStrictEqual(source?.packages, [
    { name: 'lodash', version: '4.17.20', images: 1, isCountComplete: true },
  ])
})

test('an open finding stays as it was, and can be explained', async (t) => {
  const place = await history(t)
  const [digest] = [...place.images.manifests.keys()]
  if (digest === undefined) throw new Error('no image')
  const before = await result(place, digest)
  await forget(place, { days: 1 })
  assert.deepEqual(await result(place, digest), before)
  assert.equal(before.findings.length, 1)
})

test('a revision that somebody still shows findings of is kept, whatever its age', async (t) => {
  const place = await history(t)
  const { keptFrom } = await forget(place, { days: 1, inUse: 2 })
  assert.equal(keptFrom, 2)
  await requireKeptRevision(place.database, 2)
})

test('is done in parts, and a clock that is set back brings nothing back', async (t) => {
  const place = await history(t)
  const first = await forget(place, { days: 1, maxBatches: 1 })
  assert.equal(first.isDone, false)
  place.clock.advance(-300 * day)
  const second = await forget(place, { days: 1 })
  assert.equal(second.keptFrom, first.keptFrom)
  assert.equal(second.isDone, true)
  assert.equal(await count(place, 'advisories'), 2)
})

test('two revisions are compared in either direction', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'A-1' }), osvRecord({ id: 'A-2' })])
  place.clock.advance(day)
  await importRecords(place, [osvRecord({ id: 'A-1', fixed: '2' }), osvRecord({ id: 'A-3' })])
  const told: string[] = []
  for (const [from, to] of [
    ['1', 'now'],
    ['2', '2026-11-24T13:00:00Z'],
  ] as const)
    for await (const line of diffAdvisories(place.database, { from, to }, { signal }))
      told.push(line.kind === 'record' ? `${line.change} ${line.id}` : `${line.from}, ${line.to}`)
  assert.deepEqual(told, [
    'changed A-1',
    'removed A-2',
    'added A-3',
    'revision 1, revision 2',
    'changed A-1',
    'added A-2',
    'removed A-3',
    'revision 2, revision 1',
  ])
})
