import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { importRecords, ndjson, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { systemIds } from '../lib/ids.ts'
import { confirmImport } from './confirm-import.ts'
import { describeAdvisories } from './describe-advisories.ts'

const file = ndjson([osvRecord({ id: 'A-1' }), osvRecord({ id: 'A-2' })])
const sha256 = createHash('sha256').update(file).digest('hex')
const source = 'test'

test('the very file that is in force need not be read again, and is as young as if it had been', async (t) => {
  const deps = { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
  assert.equal(await confirmImport(deps, { source, sha256 }), undefined)
  await importRecords(deps, file)
  deps.clock.advance(3_600_000)
  assert.partialDeepStrictEqual(await confirmImport(deps, { source, sha256 }), {
    read: 2,
    unchanged: 2,
    added: 0,
    revision: 1,
  })
  assert.partialDeepStrictEqual(await describeAdvisories(deps), { ageSeconds: 0 })
  assert.equal(await confirmImport(deps, { source, sha256: sha256.replace(/./, 'x') }), undefined)
})

test('a file that was not taken whole, or is not the whole state any more, is to be sent', async (t) => {
  const deps = { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
  const broken = `${file}{"id":`
  await importRecords(deps, broken)
  const hash = createHash('sha256').update(broken).digest('hex')
  assert.equal(await confirmImport(deps, { source, sha256: hash }), undefined)
  await importRecords(deps, file)
  await importRecords(deps, [osvRecord({ id: 'A-3' })], { snapshot: false })
  assert.equal(await confirmImport(deps, { source, sha256 }), undefined)
})
