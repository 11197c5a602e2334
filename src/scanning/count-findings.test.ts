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
  type HoldingPlace,
} from '../../test/kit/holding-place.ts'
import { integer, type SqlWriter } from '../storage/database/database.ts'
import { countFindings } from './count-findings.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'

const { signal } = new AbortController()
const high = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N'

const leftPad = { package: { type: 'npm', name: 'left-pad', version: '1.0.0' } }
const rightPad = { package: { type: 'npm', name: 'right-pad', version: '1.0.0' } }

/** Two sets that share a library, counted; then data that changes it, and a third set that is not counted yet. */
async function changedPlace(t: Parameters<typeof temporaryDatabase>[0]): Promise<HoldingPlace> {
  const at = holdingPlace(await temporaryDatabase(t))
  const images = { distribution: undefined }
  await holdImage(at, { name: 'one', packages: [leftPad], ...images })
  await holdImage(at, { name: 'two', packages: [leftPad, rightPad], ...images })
  await settle(at)
  await importRecords(at, [
    osvRecord({ id: 'GHSA-1', severity: high, fixed: '2.0.0' }),
    osvRecord({ id: 'GHSA-2', name: 'right-pad' }),
  ])
  await reevaluatePackages(at, {}, { signal })
  await holdImage(at, { name: 'three', packages: [rightPad], ...images })
  return at
}

async function setOf(at: HoldingPlace, name: string): Promise<number> {
  const row = await at.database.first('SELECT package_set_id FROM image_scans WHERE digest = $1', [
    digestOfName(name),
  ])
  return integer(row ?? {}, 'package_set_id')
}

async function assertCounted(at: HoldingPlace): Promise<void> {
  assert.partialDeepStrictEqual(await keptCounts(at, 'one'), { HIGH: 1, UNDEFINED: 0, fixable: 1 })
  assert.partialDeepStrictEqual(await keptCounts(at, 'two'), { HIGH: 1, UNDEFINED: 1, fixable: 1 })
  assert.partialDeepStrictEqual(await keptCounts(at, 'three'), { HIGH: 0, UNDEFINED: 1 })
}

test('wherever counting dies, what goes on adds each change to each set once', async (t) => {
  for (let diesAfter = 0; ; diesAfter += 1) {
    const at = await changedPlace(t)
    let left = diesAfter
    const database = {
      ...at.database,
      transaction: async <T>(work: (tx: SqlWriter) => Promise<T>): Promise<T> => {
        left -= 1
        if (left < 0) throw new Error('killed')
        return at.database.transaction(work)
      },
    }
    const isDone = await countFindings({ ...at, database }, { signal }).then(
      () => true,
      () => false,
    )
    await countFindings(at, { signal })
    await assertCounted(at)
    await countFindings(at, { signal })
    await assertCounted(at)
    if (isDone) {
      assert.ok(diesAfter > 4, 'it takes several transactions')
      return
    }
  }
})

test('counts as they were kept before are told until they are moved, and then added to, wherever moving dies', async (t) => {
  for (let diesAfter = 0; diesAfter < 2; diesAfter += 1) {
    const at = await changedPlace(t)
    const id = await setOf(at, 'two')
    const blocks = 'SELECT COUNT(*) AS n FROM set_count_blocks'
    await at.database.transaction(async (tx) => {
      await tx.run('DELETE FROM set_count_blocks')
      await tx.run(
        `INSERT INTO package_set_counts SELECT id, 0, 0, 0, 0, 0, 0, 0 FROM package_sets
         WHERE id NOT IN (SELECT set_id FROM uncounted_sets)`,
      )
      await tx.run('UPDATE package_set_counts SET low = 5 WHERE set_id = $1', [id])
    })
    assert.partialDeepStrictEqual(await keptCounts(at, 'two'), { LOW: 5, HIGH: 0 })
    let left = diesAfter
    const database = {
      ...at.database,
      transaction: async <T>(work: (tx: SqlWriter) => Promise<T>): Promise<T> => {
        left -= 1
        if (left < 0) throw new Error('killed')
        return at.database.transaction(work)
      },
    }
    await assert.rejects(countFindings({ ...at, database }, { signal }))
    assert.partialDeepStrictEqual(await keptCounts(at, 'two'), { LOW: 5, HIGH: 0 })
    await countFindings(at, { signal })
    assert.partialDeepStrictEqual(await keptCounts(at, 'two'), { LOW: 5, HIGH: 1, UNDEFINED: 1 })
    const older = await at.database.first('SELECT set_id FROM package_set_counts')
    assert.equal(older, undefined)
    assert.equal(Number((await at.database.first(blocks))?.['n']), 1, 'neighbours are one row')
  }
})

test('a change of many sets writes a row for many of them, and nothing of holdings without findings is kept', async (t) => {
  const at = holdingPlace(await temporaryDatabase(t))
  for (let index = 0; index < 66; index += 1) {
    const own = { package: { type: 'npm', name: `own-${index}`, version: '1.0.0' } }
    await holdImage(at, { name: `n${index}`, packages: [leftPad, own], distribution: undefined })
  }
  await settle(at)
  const kept = async (): Promise<number> =>
    Number((await at.database.first('SELECT COUNT(*) AS n FROM holding_counts'))?.['n'])
  assert.equal(await kept(), 0)
  await importRecords(at, [osvRecord({ id: 'GHSA-1', severity: high })])
  await reevaluatePackages(at, {}, { signal })
  let written = 0
  const database = {
    ...at.database,
    transaction: async <T>(work: (tx: SqlWriter) => Promise<T>): Promise<T> =>
      at.database.transaction((tx) =>
        work({
          ...tx,
          run: async (sql, parameters) => {
            const rows = await tx.run(sql, parameters)
            if (sql.includes('set_count_blocks')) written += rows
            return rows
          },
        }),
      ),
  }
  await countFindings({ ...at, database }, { signal })
  assert.partialDeepStrictEqual(await keptCounts(at, 'n0'), { HIGH: 1 })
  assert.partialDeepStrictEqual(await keptCounts(at, 'n65'), { HIGH: 1 })
  assert.equal(written, 2)
  assert.equal(await kept(), 1)
  await importRecords(at, [osvRecord({ id: 'GHSA-1', fixed: '0.1.0' })])
  await settle(at)
  assert.partialDeepStrictEqual(await keptCounts(at, 'n0'), { HIGH: 0 })
  assert.equal(await kept(), 0)
})

test('what a distribution says of a package changes the numbers of what it owns, even where it has no finding itself', async (t) => {
  const at = holdingPlace(await temporaryDatabase(t))
  const source = { name: 'beta', version: '2.0-1' }
  const owner = { type: 'deb', name: 'python3-beta', version: '2.0-1', architecture: 'all', source }
  const library = { package: { type: 'pypi', name: 'beta', version: '1.0.0' }, owner }
  const distribution = { id: 'debian', idLike: [], versionId: '12' }
  await importRecords(at, [
    osvRecord({ id: 'PYSEC-1', ecosystem: 'PyPI', name: 'beta', aliases: ['CVE-2026-1001'] }),
  ])
  await holdImage(at, { name: 'one', distribution, packages: [library] })
  await settle(at)
  assert.partialDeepStrictEqual(await keptCounts(at, 'one'), { UNDEFINED: 1 })
  // Mended before the version that is there: nothing is found of the owner, and the library is its matter.
  const mended = osvRecord({
    id: 'DEBIAN-CVE-2026-1001',
    ecosystem: 'Debian:12',
    name: 'beta',
    upstream: ['CVE-2026-1001'],
    fixed: '1.0-1',
  })
  await importRecords(at, [mended], { source: 'debian' })
  await settle(at)
  assert.deepEqual((await findingsOf(at, 'one')).findings, [])
  assert.partialDeepStrictEqual(await keptCounts(at, 'one'), { UNDEFINED: 0 })
})
