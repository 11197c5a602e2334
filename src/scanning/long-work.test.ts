// Work that grows with what an account has lets others have their turn: one request never holds all of them up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { digestOfName, holdImage, holdingPlace } from '../../test/kit/holding-place.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { npmPackage, push, runScan, scanPlace, testAccount } from '../../test/kit/scanning.ts'
import { turnsDuring } from '../../test/kit/turns.ts'
import { createFilter } from './finding-filters.ts'
import { findPackages } from './find-packages.ts'
import { FlawIndexes } from './flaw-index.ts'
import { postHolding } from './holding-store.ts'
import { internPackage } from './intern-package.ts'
import { listImagesOfSets } from './list-images-holding.ts'
import { listRecords } from './list-records.ts'
import { readRecords } from './read-records.ts'
import { noFindings, packCounts } from './rules/finding-counts.ts'
import { parseVersionRange } from './rules/version-range.ts'
import { insertPendingScan, packInstances, readScannedInstances } from './scan-store.ts'
import { spreadCounts } from './spread-counts.ts'
import { openSuppressions } from './suppressions.ts'

const { signal } = new AbortController()
const is = (value: string) => [{ comparison: 'EQUALS' as const, value }]

test('a page of findings of a few images is read image by image, and filters are held against a part at a time', async (t) => {
  const place = await scanPlace(t)
  const { database: reader, clock } = place
  const names = Array.from({ length: 60 }, (_, n) => `p${n}`)
  await importRecords(
    place,
    names.map((name) => osvRecord({ id: `GHSA-${name}`, name })),
  )
  const files: Record<string, string> = {}
  for (const name of names) Object.assign(files, npmPackage(name, '1.0.0'))
  const base = layerOf(files)
  const images = 4
  for (let n = 0; n < images; n += 1) {
    const { digest } = await push(place, { layers: [base, layerOf({ [`etc/${n}`]: 'x' })] })
    await runScan(place, digest)
  }
  const region = 'us-east-1'
  const suppressions = openSuppressions({ reader, clock, keys: [], hosts: () => [], region })
  const deps = { reader, clock, suppressions, region, flawIndexes: new FlawIndexes(reader) }
  const question = {
    account: testAccount,
    criteria: { ecrImageRepositoryName: is('team/app1') },
    order: { field: 'AWS_ACCOUNT_ID', descending: false },
    limit: 10,
  } as const
  const list = (): Promise<unknown> => listRecords(deps, question, undefined)
  const turns = await turnsDuring(list)
  assert.ok(turns >= images, `${turns} turns`)
  for (let n = 0; n < 400; n += 1) {
    const criteria = { vulnerabilityId: is(`CVE-1999-${n + 1000}`) }
    const filter = { name: `f${n}`, action: 'SUPPRESS', criteria, tags: {} } as const
    await createFilter(place, { account: testAccount, principal: 'arn', ...filter })
  }
  const filtered = await turnsDuring(list)
  assert.ok(filtered >= turns + 2 * images, `${filtered} turns with filters, ${turns} without`)
})

test('changes of counts are summed up a part at a time', async (t) => {
  const database = await temporaryDatabase(t)
  await database.transaction(async (tx) => {
    for (let id = 1; id <= 1000; id += 1) {
      await tx.run(`INSERT INTO holding_counts (holding_id, counts, applied) VALUES ($1, $2, $3)`, [
        id,
        packCounts({ ...noFindings, HIGH: 1 }),
        packCounts(noFindings),
      ])
      await postHolding(tx, id, 1)
    }
  })
  const turns = await turnsDuring(() => spreadCounts(database, { signal }))
  assert.ok(turns >= 20, `${turns} turns`)
})

test('what a large image holds is written and read a part at a time', async (t) => {
  const at = holdingPlace(await temporaryDatabase(t))
  const found = { package: { type: 'npm', name: 'left-pad', version: '1.0.0' } }
  const packages = Array.from({ length: 5500 }, () => found)
  await holdImage(at, { name: 'large', packages, distribution: undefined })
  const key = { repositoryId: 1, digest: digestOfName('large') }
  const instances = await readScannedInstances(at.database, key)
  assert.equal(instances.length, packages.length)
  const read = await turnsDuring(() => readScannedInstances(at.database, key))
  assert.ok(read >= 5, `${read} turns of reading`)
  const written = await turnsDuring(() => packInstances(instances))
  assert.ok(written >= 5, `${written} turns of writing`)
})

test('thousands of versions of one name are held against a range a part at a time', async (t) => {
  const database = await temporaryDatabase(t)
  await database.transaction(async (tx) => {
    for (let n = 0; n < 3000; n += 1)
      await internPackage(tx, { type: 'npm', name: 'left-pad', version: `1.${n}.0` }, undefined)
    await internPackage(tx, { type: 'pypi', name: 'left-pad', version: '1.5' }, undefined)
  })
  const range = parseVersionRange('<1.1000.0')
  if (range === undefined) throw new Error('unreachable')
  const find = (): Promise<unknown> => findPackages(database, { name: 'left-pad', range })
  const found = await findPackages(database, { name: 'left-pad', range })
  assert.equal(found?.ids.length, 1001)
  assert.equal(new Set(found.ids).size, 1001)
  const turns = await turnsDuring(find)
  assert.ok(turns >= 6, `${turns} turns`)
})

test('the records of an image are read with few statements, others having their turn', async (t) => {
  const at = holdingPlace(await temporaryDatabase(t))
  const names = Array.from({ length: 120 }, (_, n) => `p${n}`)
  const records = names.flatMap((name) =>
    [1, 2, 3, 4].map((n) => osvRecord({ id: `GHSA-${name}-${n}`, name })),
  )
  await importRecords(at, records)
  const packages = names.map((name) => ({ package: { type: 'npm', name, version: '1.0.0' } }))
  await holdImage(at, { name: 'one', packages, distribution: undefined })
  let statements = 0
  const reader: SqlReader = {
    all: (sql, parameters) => ((statements += 1), at.database.all(sql, parameters)),
    first: (sql, parameters) => ((statements += 1), at.database.first(sql, parameters)),
  }
  const { clock } = at
  const region = 'us-east-1'
  const suppressions = openSuppressions({ reader, clock, keys: [], hosts: () => [], region })
  const key = { repositoryId: 1, digest: digestOfName('one') }
  const read = () => readRecords({ reader, clock, suppressions }, key)
  assert.equal((await read())?.length, 480)
  assert.ok(statements < 60, `${statements} statements`)
  const turns = await turnsDuring(read)
  assert.ok(turns >= 4, `${turns} turns`)
})

test('images are gone through a part at a time', async (t) => {
  const { database, clock, images } = await scanPlace(t)
  const { digest } = images.addImage({ layers: [] })
  await database.transaction(async (tx) => {
    await tx.run(`INSERT INTO accounts (id, created_at) VALUES ('123456789012', 0)`)
    for (let id = 1; id <= 5000; id += 1) {
      await tx.run(
        `INSERT INTO repositories (id, account, name, tag_mutability, scan_on_push, created_at)
         VALUES ($1, '123456789012', $2, 'IMMUTABLE', 1, 0)`,
        [id, `r${id}`],
      )
      await tx.run(
        `INSERT INTO manifests (repository_id, digest, media_type, image_size, pushed_at, pushed_by, size, bytes)
         VALUES ($1, $2, 'x', 0, 0, 'somebody', 0, $3)`,
        [id, digest, Buffer.alloc(0)],
      )
      await insertPendingScan(tx, { repositoryId: id, digest }, clock.now())
    }
  })
  const sets = new Set(Array.from({ length: 50 }, (_, at) => at + 1))
  const page = { after: { repositoryId: 0, digest: '' }, limit: 10 }
  const turns = await turnsDuring(() => listImagesOfSets(database, sets, page))
  assert.ok(turns >= 5, `${turns} turns`)
})
