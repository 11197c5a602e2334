import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Package } from '../ecosystems/ecosystem.ts'
import { importRecords } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import {
  digestOfName,
  dropImage,
  findingsOf,
  holdImage,
  holdingPlace,
  settle,
  type HeldPackage,
  type HoldingPlace,
} from '../../test/kit/holding-place.ts'
import { internHolding } from './holding-store.ts'
import { internPackage } from './intern-package.ts'
import { listMatchablePackages } from './package-store.ts'
import { readScannedInstances } from './scan-store.ts'
import { sweepPackageSets } from './sweep-package-sets.ts'
import { sweepPackages } from './sweep-packages.ts'

const alpha: Package = { type: 'npm', name: 'alpha', version: '1.0.0' }
const beta: Package = { type: 'npm', name: 'beta', version: '1.0.0' }
const os: Package = { type: 'deb', name: 'base-files', version: '1' }
const dayMs = 86_400_000
const { signal } = new AbortController()

async function place(t: TestContext): Promise<HoldingPlace> {
  const at = holdingPlace(await temporaryDatabase(t))
  const affected = [
    {
      package: { ecosystem: 'npm', name: 'alpha' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }],
    },
  ]
  await importRecords(at, [{ id: 'GHSA-1', modified: '2026-11-01T00:00:00Z', affected }], {
    source: 'npm',
  })
  return at
}

async function hold(at: HoldingPlace, name: string, ...packages: HeldPackage[]): Promise<void> {
  await holdImage(at, { name, distribution: undefined, packages })
  await settle(at)
}

async function sweep(at: HoldingPlace, days: number, historyDays = 400): Promise<void> {
  at.clock.advance(days * dayMs)
  await sweepPackageSets(at, { signal })
  await sweepPackages(at, { historyDays }, { signal })
}

async function namesIn({ database }: HoldingPlace): Promise<string> {
  const rows = await database.all('SELECT name FROM packages ORDER BY name')
  return rows.map((row) => String(row['name'])).join(' ')
}

test('what an image names stays, also what it passes over and what only answers for files', async (t) => {
  const at = await place(t)
  await hold(at, 'one', { package: alpha, isPassedOver: true }, { package: beta, owner: os })
  for (const days of [0, 8, 8, 500, 500]) await sweep(at, days)
  assert.equal(await namesIn(at), 'alpha base-files beta')
  const key = { repositoryId: 1, digest: digestOfName('one') }
  const listed = await readScannedInstances(at.database, key)
  const ids = [...new Set(listed.map(({ packageId }) => packageId))]
  assert.equal((await listMatchablePackages(at.database, ids)).length, 3)
})

test('a week after no image names it a package goes; with matches when their history does', async (t) => {
  const at = await place(t)
  await hold(at, 'one', { package: alpha }, { package: beta, owner: os })
  await dropImage(at, 'one')
  await sweep(at, 0)
  await sweep(at, 6)
  assert.equal(await namesIn(at), 'alpha base-files beta')
  // What its holdings named is looked at a week after those went.
  await sweep(at, 2)
  await sweep(at, 8)
  assert.equal(await namesIn(at), 'alpha')
  await sweep(at, 380)
  assert.equal(await namesIn(at), 'alpha', 'what was known of it can still be asked for')
  await sweep(at, 30)
  assert.equal(await namesIn(at), '')
  for (const table of [
    'matches',
    'holdings',
    'holding_owners',
    'holding_counts',
    'unused_packages',
  ])
    assert.equal((await at.database.all(`SELECT * FROM ${table}`)).length, 0, table)
})

test('what was named again meanwhile stays, and is found as it was', async (t) => {
  const at = await place(t)
  await hold(at, 'one', { package: alpha })
  const before = await findingsOf(at, 'one')
  assert.equal(before.findings.length, 1)
  await dropImage(at, 'one')
  await sweep(at, 0)
  await sweep(at, 8)
  await hold(at, 'two', { package: alpha })
  await sweep(at, 500)
  await sweep(at, 500)
  const after = await findingsOf(at, 'two')
  assert.equal(after.findings[0]?.vulnerability, before.findings[0]?.vulnerability)
})

test('a scan that takes a package up keeps it, though its image does not list it yet', async (t) => {
  const at = await place(t)
  await hold(at, 'one', { package: beta })
  await dropImage(at, 'one')
  await sweep(at, 0)
  // The holding is due and not looked at, then its package.
  at.clock.advance(8 * dayMs)
  const holding = await at.database.transaction(async (tx) => {
    const packageId = await internPackage(tx, beta, undefined)
    return internHolding(tx, { packageId, owners: [] })
  })
  await sweep(at, 0)
  await sweep(at, 6)
  const [kept] = await at.database.all('SELECT id FROM holdings')
  assert.equal(kept?.['id'], holding)
  for (const days of [2, 0]) await sweep(at, days)
  assert.equal(await namesIn(at), 'beta')
  at.clock.advance(8 * dayMs)
  const id = await at.database.transaction((tx) => internPackage(tx, beta, undefined))
  await sweep(at, 0)
  await sweep(at, 6)
  assert.equal((await listMatchablePackages(at.database, [id])).length, 1)
})

test('while data waits for being held against packages none goes', async (t) => {
  const at = await place(t)
  await hold(at, 'one', { package: beta })
  await dropImage(at, 'one')
  for (const days of [0, 8]) await sweep(at, days)
  await importRecords(at, [{ id: 'GHSA-2', modified: '2026-11-02T00:00:00Z', affected: [] }], {
    source: 'other',
  })
  await sweep(at, 8)
  const name = await namesIn(at)
  await settle(at)
  await sweep(at, 0)
  assert.deepEqual([name, await namesIn(at)], ['beta', ''])
})

test('a run that is killed at any step is gone on with', async (t) => {
  const at = await place(t)
  const wasKilled = new Error('killed')
  for (let steps = 0; steps < 14; steps += 1) {
    await hold(at, 'one', { package: alpha }, { package: beta, owner: os })
    await dropImage(at, 'one')
    let left = steps
    const database: HoldingPlace['database'] = {
      ...at.database,
      async transaction(work, options) {
        left -= 1
        if (left < 0) throw wasKilled
        return at.database.transaction(work, options)
      },
    }
    for (const days of [0, 8, 500])
      await sweep({ ...at, database }, days).catch((error: unknown) => {
        assert.equal(error, wasKilled)
      })
    await hold(at, 'two', { package: alpha })
    assert.equal((await findingsOf(at, 'two')).findings.length, 1, `after ${steps} steps`)
    await dropImage(at, 'two')
  }
  for (const days of [0, 8, 500, 500]) await sweep(at, days)
  assert.equal(await namesIn(at), '')
})
