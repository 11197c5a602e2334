import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { systemIds } from '../lib/ids.ts'
import { searchAdvisories } from './search-advisories.ts'
import { showAdvisory } from './show-advisory.ts'

const { signal } = new AbortController()

test('finds by id, by another id, by package and by words, the surest first', async (t) => {
  const database = await temporaryDatabase(t)
  const deps = { database, clock: fakeClock(), ids: systemIds }
  await importRecords(deps, [
    osvRecord({ id: 'A-1', aliases: ['CVE-2026-0001'], name: 'express', summary: 'Crash of b' }),
    osvRecord({ id: 'A-2', name: 'left-pad', summary: '100% express_way' }),
    osvRecord({ id: 'CVE-2026-0001', name: 'other' }),
  ])
  const search = async (text: string, limit = 10): Promise<readonly string[]> =>
    (await searchAdvisories(database, { text, limit }, { signal })).found.map(
      ({ id, matched }) => `${id} ${matched}`,
    )
  assert.deepEqual(await search('cve-2026-0001'), ['CVE-2026-0001 id', 'A-1 alias'])
  assert.deepEqual(await search('Express'), ['A-1 package', 'A-2 text'])
  assert.deepEqual(await search('0% E'), ['A-2 text'])
  assert.deepEqual(await search('express_way'), ['A-2 text'])
  assert.deepEqual(await search('expressxway'), [], 'no letter stands for another')
  assert.deepEqual(await search("' OR 1=1 --"), [])
  const cut = await searchAdvisories(database, { text: 'express', limit: 1 }, { signal })
  assert.equal(cut.isComplete, false)
})

test('a record that no source ever had is told as such; one that was taken away is shown as it was', async (t) => {
  const database = await temporaryDatabase(t)
  const deps = { database, clock: fakeClock(), ids: systemIds }
  await importRecords(deps, [osvRecord({ id: 'A-1' }), osvRecord({ id: 'A-2' })])
  await importRecords(deps, [osvRecord({ id: 'A-2' })])
  await assert.rejects(showAdvisory(database, { id: 'A-9', withHolders: true }), {
    code: 'ADVISORY_UNKNOWN',
  })
  const shown = await showAdvisory(database, { id: 'A-1', withHolders: true })
  assert.equal(shown.sources[0]?.record, undefined)
  assert.partialDeepStrictEqual(shown.sources[0]?.history, [{ fromRevision: 1, untilRevision: 2 }])
})
