import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { importRecords, ndjson, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase, temporaryDirectory } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { systemIds } from '../lib/ids.ts'
import { describeAdvisories } from './describe-advisories.ts'
import { installStarterAdvisories } from './install-starter-advisories.ts'

const { signal } = new AbortController()

test('says that there is no data before the first import', async (t) => {
  const described = await describeAdvisories({
    database: await temporaryDatabase(t),
    clock: fakeClock(),
  })
  assert.partialDeepStrictEqual(described, { revision: 0, stale: true, sources: [] })
})

test('tells revision, age, and of each source its records and the date of its data', async (t) => {
  const at = { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
  const modified = '2026-10-05T00:00:00Z'
  await importRecords(at, [osvRecord({ id: 'A-1' }), osvRecord({ id: 'A-2', modified })], {
    source: 'ghsa',
  })
  at.clock.advance(60_000)
  assert.partialDeepStrictEqual(await describeAdvisories(at), {
    revision: 1,
    isEvaluated: false,
    stale: false,
    ageSeconds: 60,
    sources: [
      {
        name: 'ghsa',
        origin: 'import',
        records: 2,
        ranges: 2,
        newestModified: new Date('2026-11-01T00:00:00Z'),
        ageSeconds: 60,
      },
    ],
  })
  assert.equal((await describeAdvisories(at, { staleAfterMs: 59_000 })).stale, true)
})

test('installs the starter set once, again when it changes, and reports it as stale', async (t) => {
  const at = { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
  const file = join(await temporaryDirectory(t), 'starter.ndjson')
  await writeFile(file, ndjson([osvRecord({ id: 'A-1' })]))
  assert.equal((await installStarterAdvisories(at, { file }, { signal }))?.added, 1)
  assert.equal(await installStarterAdvisories(at, { file }, { signal }), undefined)
  await writeFile(file, ndjson([osvRecord({ id: 'A-2' })]))
  assert.partialDeepStrictEqual(await installStarterAdvisories(at, { file }, { signal }), {
    added: 1,
    removed: 1,
  })
  assert.equal((await describeAdvisories(at)).stale, true)
})

test('does not install the starter set where there is other data', async (t) => {
  const at = { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
  await importRecords(at, [osvRecord({ id: 'A-1' })])
  assert.equal(await installStarterAdvisories(at, {}, { signal }), undefined)
})

test('installs the set that ships, every record of it', async (t) => {
  const at = { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
  const result = await installStarterAdvisories(at, {}, { signal })
  assert.deepEqual(result?.rejected, { count: 0, first: [] })
  assert.deepEqual(result?.duplicates, { count: 0, first: [] })
  assert.ok((result?.added ?? 0) > 50)
})
