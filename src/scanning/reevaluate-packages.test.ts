import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { claimJob } from '../jobs/queue.ts'
import { systemIds } from '../lib/ids.ts'
import { digestOf } from '../oci/digest.ts'
import type { Package } from '../ecosystems/ecosystem.ts'
import { text } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import type { ImportDeps } from './import-lease.ts'
import { internPackage } from './intern-package.ts'
import { listFindings, type FindingList } from './list-findings.ts'
import { listMatches } from './list-matches.ts'
import { matchPackages } from './match-packages.ts'
import { findPackage } from './package-store.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'

const { signal } = new AbortController()

async function place(t: TestContext): Promise<ImportDeps> {
  return { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
}

async function intern(at: ImportDeps, packages: readonly Package[]): Promise<readonly number[]> {
  return at.database.transaction(async (tx) => {
    const ids: number[] = []
    for (const found of packages) ids.push(await internPackage(tx, found, undefined))
    return ids
  })
}

function npm(name: string, version: string): Package {
  return { type: 'npm', name, version }
}

async function events(at: ImportDeps): Promise<readonly unknown[]> {
  const rows = await at.database.all(
    "SELECT detail FROM events WHERE kind = 'FindingsChanged' ORDER BY id",
  )
  return rows.map((row): unknown => JSON.parse(text(row, 'detail')))
}

test('asks for the job in the transaction that makes an import visible, and only for changes', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'GHSA-1' })])
  await importRecords(at, [osvRecord({ id: 'GHSA-1' })])
  const take = async (): Promise<unknown> =>
    at.database.transaction((tx) =>
      claimJob(tx, { owner: 'w', now: at.clock.now(), leaseMs: 1000 }),
    )
  assert.partialDeepStrictEqual(await take(), {
    kind: 'reevaluate-packages',
    key: '1',
    input: { revision: 1 },
  })
  assert.equal(await take(), undefined)
})

test('opens, changes and closes findings of packages that were matched before, and tells of it', async (t) => {
  const at = await place(t)
  const [id = 0, other = 0] = await intern(at, [
    npm('left-pad', '1.0.0'),
    npm('right-pad', '1.0.0'),
  ])
  await matchPackages(at, [id, other], { signal })
  const step = async (records: readonly unknown[]): Promise<readonly string[]> => {
    const { revision } = await importRecords(at, records, { confirmLoss: true })
    await reevaluatePackages(at, {}, { signal })
    return (await listMatches(at.database, [id, other], revision)).map(
      ({ vulnerability, fixedVersion }) => `${vulnerability} ${fixedVersion ?? 'none'}`,
    )
  }
  const keep = osvRecord({ id: 'GHSA-9', name: 'nobody' })
  assert.deepEqual(await step([keep, osvRecord({ id: 'GHSA-1' })]), ['GHSA-1 none'])
  assert.deepEqual(await step([keep, osvRecord({ id: 'GHSA-1', fixed: '2.0.0' })]), [
    'GHSA-1 2.0.0',
  ])
  assert.deepEqual(
    await step([keep, osvRecord({ id: 'GHSA-1', fixed: '2.0.0', summary: 'words' })]),
    ['GHSA-1 2.0.0'],
  )
  assert.deepEqual(await step([keep]), [])
  const nothing = { opened: [], closed: [], changed: [], packageId: id }
  assert.deepEqual(await events(at), [
    { ...nothing, revision: 1, opened: ['GHSA-1'] },
    { ...nothing, revision: 2, changed: ['GHSA-1'] },
    { ...nothing, revision: 4, closed: ['GHSA-1'] },
  ])
  assert.equal((await listMatches(at.database, [id], 3)).length, 1)
  assert.equal((await findPackage(at.database, other))?.matchedRevision, 0)
})

test('does not match a package again that no change concerns', async (t) => {
  const at = await place(t)
  const [id = 0] = await intern(at, [npm('left-pad', '1.0.0')])
  await matchPackages(at, [id], { signal })
  await importRecords(at, [osvRecord({ id: 'GHSA-1', name: 'right-pad' })])
  await reevaluatePackages(at, {}, { signal })
  await matchPackages(at, [id], { signal })
  assert.equal((await findPackage(at.database, id))?.matchedRevision, 0)
  assert.equal((await readAdvisoryState(at.database)).evaluatedRevision, 1)
})

test('goes on after a run that was stopped half-way, and tells of each package once', async (t) => {
  const at = await place(t)
  const ids = await intern(
    at,
    Array.from({ length: 450 }, (_, index) => npm('left-pad', `1.0.${index}`)),
  )
  await matchPackages(at, ids, { signal })
  await importRecords(at, [osvRecord({ id: 'GHSA-1' })])
  const stop = new AbortController()
  const database = {
    ...at.database,
    transaction: async <T>(work: Parameters<typeof at.database.transaction<T>>[0]): Promise<T> => {
      stop.abort(new Error('killed'))
      return at.database.transaction(work)
    },
  }
  await assert.rejects(reevaluatePackages({ ...at, database }, {}, { signal: stop.signal }))
  assert.equal((await readAdvisoryState(at.database)).evaluatedRevision, 0)
  const before = (await events(at)).length
  assert.ok(before > 0 && before < 450)
  await reevaluatePackages(at, {}, { signal })
  await reevaluatePackages(at, {}, { signal })
  assert.equal((await events(at)).length, 450)
  assert.equal((await listMatches(at.database, ids, 1)).length, 450)
})

test('writes only what changes, few transactions of neighbours together, and leaves packages that no scan has matched', async (t) => {
  const at = await place(t)
  const ids = await intern(
    at,
    Array.from({ length: 600 }, (_, index) =>
      npm(`n${index % 3}`, `${1 + (index % 2)}.0.${index}`),
    ),
  )
  const [unseen = 0] = await intern(at, [npm('n0', '1.9.9')])
  await matchPackages(at, ids, { signal })
  await importRecords(
    at,
    ['n2', 'n1', 'n0'].map((name) => osvRecord({ id: `GHSA-${name}`, name, fixed: '2.0.0' })),
  )
  let transactions = 0
  const database = {
    ...at.database,
    transaction: async <T>(work: Parameters<typeof at.database.transaction<T>>[0]): Promise<T> => {
      transactions += 1
      return at.database.transaction(work)
    },
  }
  await reevaluatePackages({ ...at, database }, {}, { signal })
  // 300 of 600 in two, then what says that all is right and what forgets the names.
  assert.ok(transactions <= 6, `${transactions} transactions`)
  const told = (
    await at.database.all("SELECT resource FROM events WHERE kind = 'FindingsChanged' ORDER BY id")
  ).map((row) => Number(text(row, 'resource').slice('package/'.length)))
  assert.equal(told.length, 300)
  assert.deepEqual(
    told,
    told.toSorted((a, b) => a - b),
  )
  assert.equal((await listMatches(at.database, [unseen], 1)).length, 0)
  assert.equal((await findPackage(at.database, unseen))?.matchedRevision, undefined)
  transactions = 0
  await importRecords(at, [osvRecord({ id: 'GHSA-none', name: 'n1', fixed: '0.1.0' })], {
    snapshot: false,
  })
  await reevaluatePackages({ ...at, database }, {}, { signal })
  assert.ok(transactions <= 3, `${transactions} transactions although nothing changed`)
})

const names = ['alpha', 'beta', 'gamma']
const versions = ['1.0.0', '1.5.0', '2.0.0', 'odd']
const facts = fc.record({
  id: fc.constantFrom('GHSA-1', 'GHSA-2', 'PYSEC-3', 'CVE-2026-1004'),
  name: fc.constantFrom(...names),
  fixed: fc.option(fc.constantFrom('1.2.0', '2.0.0', '3.0.0'), { nil: undefined }),
  aliases: fc.subarray(['CVE-2026-1004', 'CVE-2026-1005', 'GHSA-2']),
  upstream: fc.subarray(['CVE-2026-1006', 'CVE-2026-1007']),
  withdrawn: fc.option(fc.constant('2026-01-01T00:00:00Z'), { nil: undefined, freq: 4 }),
  severity: fc.option(fc.constant('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H'), {
    nil: undefined,
  }),
})
const edits = fc.array(
  fc.record({
    source: fc.constantFrom('one', 'two', 'starter'),
    records: fc.uniqueArray(facts, { selector: ({ id }) => id, minLength: 1, maxLength: 4 }),
    reevaluates: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
)

function record({
  fixed,
  withdrawn,
  severity,
  ...others
}: typeof facts extends fc.Arbitrary<infer F> ? F : never): unknown {
  return osvRecord({
    ...others,
    ...(fixed === undefined ? {} : { fixed }),
    ...(withdrawn === undefined ? {} : { withdrawn }),
    ...(severity === undefined ? {} : { severity }),
  })
}

/** Of an image that holds the packages, as a reader is told at this moment. */
async function toldNow(at: ImportDeps, ids: readonly number[]): Promise<FindingList> {
  const found = { path: 'a', layerDigest: digestOf(Buffer.from('layer')), extractorId: 'test' }
  const instances = ids.map((packageId) => ({
    ...found,
    packageId,
    evidence: 'installed' as const,
  }))
  return listFindings(at.database, instances, undefined, { withHistory: true })
}

test('a second record of a known flaw dates its change, before the re-evaluation and after', async (t) => {
  const at = await place(t)
  const ids = await intern(at, [npm('left-pad', '1.0.0')])
  await matchPackages(at, ids, { signal })
  const aliases = ['CVE-2026-1004']
  await importRecords(at, [osvRecord({ id: 'GHSA-1', aliases })], { source: 'one' })
  await reevaluatePackages(at, {}, { signal })
  await importRecords(at, [osvRecord({ id: 'GHSA-2', aliases })], { source: 'two' })
  const early = await toldNow(at, ids)
  assert.deepEqual(
    early.findings.map(({ history }) => history),
    [{ first: 1, changed: 2 }],
  )
  await reevaluatePackages(at, {}, { signal })
  assert.deepEqual(await toldNow(at, ids), early)
})

test('gives by re-evaluation what a match of everything from scratch gives, and what was told before it', async (t) => {
  const packages = names.flatMap((name) => versions.map((version) => npm(name, version)))
  await fc.assert(
    fc.asyncProperty(edits, async (steps) => {
      const delta = await place(t)
      const ids = await intern(delta, packages)
      const scratch = await place(t)
      await matchPackages(delta, ids, { signal })
      for (const { source, records, reevaluates } of steps) {
        const options = { source, confirmLoss: true }
        await importRecords(delta, records.map(record), options)
        await importRecords(scratch, records.map(record), options)
        if (reevaluates) await reevaluatePackages(delta, {}, { signal })
      }
      const early = await toldNow(delta, ids)
      await reevaluatePackages(delta, {}, { signal })
      assert.deepEqual(await toldNow(delta, ids), early)
      const fresh = await intern(scratch, packages)
      const { revision } = await matchPackages(scratch, fresh, { signal })
      assert.equal((await readAdvisoryState(delta.database)).revision, revision)
      const list = async (at: ImportDeps, of: readonly number[]): Promise<readonly unknown[]> => {
        const findings = await listMatches(at.database, of, revision)
        return findings.map(
          ({ fromRevision: _from, advisory: { row: _row, ...advisory }, ...finding }) => ({
            ...finding,
            advisory,
          }),
        )
      }
      assert.deepEqual(await list(delta, ids), await list(scratch, fresh))
    }),
    { numRuns: 40 },
  )
})
