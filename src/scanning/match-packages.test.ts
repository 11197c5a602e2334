import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { temporaryDatabase } from '../../test/kit/database.ts'
import { fakeClock } from '../../test/kit/fake-clock.ts'
import { sharedData } from '../../test/kit/shared-data.ts'
import type { Distribution, Package } from '../ecosystems/ecosystem.ts'
import { systemIds } from '../lib/ids.ts'
import { importAdvisories } from './import-advisories.ts'
import type { ImportDeps } from './import-lease.ts'
import { internPackage } from './intern-package.ts'
import { listMatches } from './list-matches.ts'
import { matchPackages } from './match-packages.ts'
import { findPackage } from './package-store.ts'

const { signal } = new AbortController()
const debian12: Distribution = { id: 'debian', versionId: '12', idLike: [] }

async function place(t: TestContext): Promise<ImportDeps> {
  return { database: await temporaryDatabase(t), clock: fakeClock(), ids: systemIds }
}

async function intern(
  at: ImportDeps,
  found: Package,
  distribution?: Distribution,
): Promise<number> {
  return at.database.transaction((tx) => internPackage(tx, found, distribution))
}

const leftPad: Package = { type: 'npm', name: 'left-pad', version: '1.0.0' }

test('gives one id to one package, wherever a library lies', async (t) => {
  const at = await place(t)
  const first = await intern(at, leftPad, debian12)
  assert.equal(await intern(at, leftPad, { id: 'alpine', versionId: '3.20', idLike: [] }), first)
  assert.notEqual(await intern(at, { ...leftPad, version: '1.0.1' }), first)
})

test('tells packages of two releases of a distribution apart', async (t) => {
  const at = await place(t)
  const openssl: Package = { type: 'deb', name: 'openssl', version: '3.0.11-1' }
  const first = await intern(at, openssl, debian12)
  assert.notEqual(await intern(at, openssl, { ...debian12, versionId: '11' }), first)
})

test('says why nobody can speak about a package, and does not call it clean', async (t) => {
  const at = await place(t)
  const id = await intern(at, { type: 'deb', name: 'openssl', version: '3' }, undefined)
  const { revision } = await matchPackages(at, [id], { signal })
  const found = await findPackage(at.database, id)
  assert.match(found?.unknownReason ?? '', /distribution/)
  assert.deepEqual(await listMatches(at.database, [id], revision), [])
  const strange = await intern(at, { type: 'cobol', name: 'x', version: '1' })
  assert.match((await findPackage(at.database, strange))?.unknownReason ?? '', /cobol/)
})

test('reports a version that cannot be ordered as unknown, never as clean', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'GHSA-1', fixed: '2.0.0' })])
  const id = await intern(at, { ...leftPad, version: 'workspace' })
  const { revision } = await matchPackages(at, [id], { signal })
  const [finding] = await listMatches(at.database, [id], revision)
  assert.equal(finding?.verdict, 'unknown')
})

test('matches by the range, with severity, fix and evidence', async (t) => {
  const at = await place(t)
  await importRecords(at, [
    osvRecord({
      id: 'GHSA-1',
      aliases: ['CVE-2026-1000'],
      fixed: '2.0.0',
      severity: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
      summary: 'It pads too much.',
      references: [
        { type: 'WEB', url: 'https://example.com/web' },
        { type: 'ADVISORY', url: 'https://example.com/advisory' },
      ],
    }),
  ])
  const id = await intern(at, leftPad)
  const fixed = await intern(at, { ...leftPad, version: '2.0.0' })
  const { revision } = await matchPackages(at, [id, fixed, id], { signal })
  const findings = await listMatches(at.database, [id, fixed], revision)
  assert.equal(findings.length, 1)
  assert.partialDeepStrictEqual(findings[0], {
    packageId: id,
    vulnerability: 'CVE-2026-1000',
    aliases: ['GHSA-1'],
    verdict: 'affected',
    severity: 'CRITICAL',
    score: 9.8,
    fixedVersion: '2.0.0',
    summary: 'It pads too much.',
    url: 'https://example.com/advisory',
    evidence: { ecosystem: 'npm', name: 'left-pad', version: '1.0.0' },
  })
})

test('gives the address at osv.dev to a record without references', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'GHSA-1' })])
  const id = await intern(at, leftPad)
  const { revision } = await matchPackages(at, [id], { signal })
  const [finding] = await listMatches(at.database, [id], revision)
  assert.equal(finding?.url, 'https://osv.dev/vulnerability/GHSA-1')
})

test('never matches a withdrawn record', async (t) => {
  const at = await place(t)
  await importRecords(at, [osvRecord({ id: 'GHSA-1', withdrawn: '2026-11-02T00:00:00Z' })])
  const id = await intern(at, leftPad)
  const { revision } = await matchPackages(at, [id], { signal })
  assert.deepEqual(await listMatches(at.database, [id], revision), [])
})

test('makes one finding of a flaw that two sources tell of', async (t) => {
  const at = await place(t)
  const severity = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H'
  const django = { name: 'django', ecosystem: 'PyPI' }
  await importRecords(at, [
    osvRecord({ id: 'PYSEC-1', aliases: ['CVE-2026-1001', 'GHSA-1'], ...django }),
  ])
  await importRecords(
    at,
    [osvRecord({ id: 'GHSA-1', aliases: ['CVE-2026-1001'], severity, ...django })],
    { source: 'ghsa' },
  )
  const id = await intern(at, { type: 'pypi', name: 'Django', version: '4.2' })
  const { revision } = await matchPackages(at, [id], { signal })
  const findings = await listMatches(at.database, [id], revision)
  assert.equal(findings.length, 1)
  assert.partialDeepStrictEqual(findings[0], {
    vulnerability: 'CVE-2026-1001',
    aliases: ['GHSA-1', 'PYSEC-1'],
    severity: 'HIGH',
    advisory: { id: 'GHSA-1', source: 'ghsa' },
  })
})

test('makes a finding for each flaw that a bundle tells of', async (t) => {
  const at = await place(t)
  const upstream = ['CVE-2026-1001', 'CVE-2026-1002']
  await importRecords(at, [
    osvRecord({
      id: 'DSA-9-1',
      upstream,
      ecosystem: 'Debian:12',
      name: 'openssl',
      fixed: '3.0.11-2',
    }),
  ])
  const source = { name: 'openssl', version: '3.0.11-1' }
  const found: Package = { type: 'deb', name: 'libssl3', version: '3.0.11-1', source }
  const id = await intern(at, found, debian12)
  const { revision } = await matchPackages(at, [id], { signal })
  const findings = await listMatches(at.database, [id], revision)
  assert.deepEqual(
    findings.map(({ vulnerability }) => vulnerability),
    upstream,
  )
  assert.deepEqual(findings[0]?.aliases, ['DSA-9-1'])
})

test(
  'finds in the real data what is known of an old Debian package',
  {
    skip:
      sharedData('advisories', 'debian-dsa.ndjson.zst') === undefined
        ? 'shared data is absent'
        : false,
  },
  async (t) => {
    const at = await place(t)
    const bytes = createReadStream(sharedData('advisories', 'debian-dsa.ndjson.zst') ?? '')
    await importAdvisories(
      at,
      { source: 'debian-dsa', origin: 'import', bytes, snapshot: true },
      { signal },
    )
    const source = { name: 'openssl', version: '1.1.1d-0+deb10u4' }
    const id = await intern(
      at,
      { type: 'deb', ...source, source },
      { ...debian12, versionId: '10' },
    )
    const { revision } = await matchPackages(at, [id], { signal })
    const findings = await listMatches(at.database, [id], revision)
    assert.ok(findings.some(({ vulnerability }) => vulnerability === 'CVE-2021-3449'))
    assert.ok(findings.every(({ verdict }) => verdict === 'affected'))
  },
)
