import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import {
  digestOfName,
  findingsOf,
  holdImage,
  holdingPlace,
  keptCounts,
  settle,
} from '../../test/kit/holding-place.ts'
import { holdOlderScans } from './hold-older-scans.ts'
import { listImagesHolding } from './list-images-holding.ts'

const { signal } = new AbortController()
const page = { after: { repositoryId: 0, digest: '' }, limit: 10 }

test('scans from before have their sets again, made from what each of them listed', async (t) => {
  const at = holdingPlace(await temporaryDatabase(t))
  await importRecords(at, [osvRecord({ id: 'GHSA-1' })])
  const names = Array.from({ length: 70 }, (_, index) => `image ${index}`)
  for (const [index, name] of names.entries()) {
    const version = `1.0.${index % 3}`
    const packages = [{ package: { type: 'npm', name: 'left-pad', version } }]
    await holdImage(at, { name, distribution: undefined, packages })
  }
  // As the migration leaves the rows.
  await at.database.transaction(async (tx) => {
    await tx.run('UPDATE image_scans SET package_set_id = NULL')
    for (const table of ['holdings', 'holding_postings', 'package_sets'])
      await tx.run(`DELETE FROM ${table}`)
  })
  assert.equal(await keptCounts(at, 'image 0'), undefined)
  await holdOlderScans(at, { signal })
  await holdOlderScans(at, { signal })
  await settle(at)
  assert.equal((await findingsOf(at, 'image 69')).findings.length, 1)
  assert.partialDeepStrictEqual(await keptCounts(at, 'image 69'), { UNDEFINED: 1, fixable: 0 })
  const sharing = names.filter((_, index) => index % 3 === 1).map(digestOfName)
  const row = await at.database.first("SELECT id FROM packages WHERE version = '1.0.1'")
  const found = await listImagesHolding(at.database, Number(row?.['id']), { ...page, limit: 100 })
  assert.deepEqual(
    found.map(({ digest }) => digest),
    sharing.toSorted(),
  )
  assert.deepEqual(
    (await listImagesHolding(at.database, Number(row?.['id']), page)).length,
    10,
    'a page is a page',
  )
})
