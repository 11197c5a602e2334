import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { holdImage, holdingPlace, settle } from '../../test/kit/holding-place.ts'
import { turnsDuring } from '../../test/kit/turns.ts'
import { integer } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { judgeAnew } from './judge-anew.ts'

test('others have their turn while many packages of an image are judged anew', async (t) => {
  const at = holdingPlace(await temporaryDatabase(t))
  const { database } = at
  const packages = Array.from({ length: 100 }, (_, patch) => ({
    package: { type: 'npm', name: 'left-pad', version: `1.0.${patch}` },
  }))
  await importRecords(at, [osvRecord({ id: 'GHSA-2', name: 'nobody' })])
  await holdImage(at, { name: 'image', distribution: undefined, packages })
  await settle(at)
  await importRecords(at, [osvRecord({ id: 'GHSA-1', fixed: '1.5.0' })])
  const ids = (await database.all('SELECT id FROM packages')).map((row) => integer(row, 'id'))
  const state = await readAdvisoryState(database)
  const turns = await turnsDuring(async () => {
    assert.equal((await judgeAnew(database, ids, state)).size, packages.length)
  })
  assert.ok(turns >= 4, `${turns} turns`)
})
