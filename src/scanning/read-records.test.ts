import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import {
  dpkg,
  npmPackage,
  osRelease,
  push,
  repositoryId,
  runScan,
  scanPlace,
  type ScanPlace,
} from '../../test/kit/scanning.ts'
import type { Digest } from '../oci/digest.ts'
import type { FindingRecord } from './finding-record.ts'
import { readRecords } from './read-records.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'
import { findingId, placeOfFinding } from './rules/finding-id.ts'
import { spellFinding } from './spell-finding.ts'
import { openSuppressions } from './suppressions.ts'

const { signal } = new AbortController()
const critical = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
const day = 86_400_000

async function recordsOf(place: ScanPlace, digest: Digest): Promise<readonly FindingRecord[]> {
  const { database: reader, clock } = place
  const suppressions = openSuppressions({ reader, clock, keys: [], hosts: () => [] })
  const records = await readRecords({ reader, clock, suppressions }, { repositoryId, digest })
  assert.ok(records !== undefined)
  return records
}

/** An image whose two packages have one flaw in common; one of them is mended in a newer version. */
async function sharedFlaw(t: TestContext): Promise<{ place: ScanPlace; digest: Digest }> {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({
      id: 'GHSA-1',
      name: 'a',
      aliases: ['CVE-2026-0001'],
      severity: critical,
      summary: 'Bad.',
    }),
    osvRecord({ id: 'GHSA-2', name: 'b', aliases: ['CVE-2026-0001'], fixed: '2.0.0' }),
  ])
  place.clock.advance(day)
  const layer = layerOf({ ...npmPackage('a', '1.0.0'), ...npmPackage('b', '1.0.0') })
  const { digest } = await push(place, { layers: [layer] })
  await runScan(place, digest)
  return { place, digest }
}

test('one record for a flaw of an image, with all packages that have it', async (t) => {
  const { place, digest } = await sharedFlaw(t)
  const [record, ...others] = await recordsOf(place, digest)
  assert.equal(others.length, 0)
  assert.ok(record !== undefined)
  assert.equal(record.vulnerability, 'CVE-2026-0001')
  assert.equal(record.severity, 'CRITICAL')
  assert.equal(record.title, 'CVE-2026-0001 - a, b')
  assert.equal(record.description, 'Bad.')
  assert.equal(record.fixAvailable, 'PARTIAL')
  assert.equal(record.status, 'ACTIVE')
  assert.deepEqual(
    record.packages.map((found) => [
      found.name,
      found.packageManager,
      found.path,
      found.fixedVersion,
    ]),
    [
      ['a', 'NODEPKG', 'app/node_modules/a/package.json', undefined],
      ['b', 'NODEPKG', 'app/node_modules/b/package.json', '2.0.0'],
    ],
  )
  assert.equal(record.image.architecture, 'amd64')
  // Data knew the flaw a day before the image was there.
  assert.equal(record.firstObservedAt.toISOString(), '2026-11-25T12:00:00.000Z')
})

test('a scan anew moves no date; a change of the data does, and the finding keeps its name', async (t) => {
  const { place, digest } = await sharedFlaw(t)
  const [first] = await recordsOf(place, digest)
  place.clock.advance(day)
  await runScan(place, digest)
  const [second] = await recordsOf(place, digest)
  assert.deepEqual(second, first)
  place.clock.advance(day)
  await importRecords(place, [
    osvRecord({
      id: 'GHSA-1',
      name: 'a',
      aliases: ['CVE-2026-0001'],
      severity: critical,
      summary: 'Bad.',
      fixed: '3',
    }),
    osvRecord({ id: 'GHSA-2', name: 'b', aliases: ['CVE-2026-0001'], fixed: '2.0.0' }),
  ])
  await reevaluatePackages(place, {}, { signal })
  const [third] = await recordsOf(place, digest)
  assert.equal(third?.id, first?.id)
  assert.equal(third?.fixAvailable, 'YES')
  assert.equal(third?.firstObservedAt.toISOString(), first?.firstObservedAt.toISOString())
  assert.equal(third?.updatedAt.toISOString(), '2026-11-27T12:00:00.000Z')
})

test('a flaw that closed and came back is the one that it was', async (t) => {
  const { place, digest } = await sharedFlaw(t)
  const [first] = await recordsOf(place, digest)
  await importRecords(place, [osvRecord({ id: 'GHSA-9', name: 'other' })], { confirmLoss: true })
  await reevaluatePackages(place, {}, { signal })
  const [closed] = await recordsOf(place, digest)
  assert.deepEqual([closed?.id, closed?.status], [first?.id, 'CLOSED'])
  assert.equal(closed?.title, first?.title)
  place.clock.advance(day)
  await importRecords(
    place,
    [osvRecord({ id: 'GHSA-1', name: 'a', aliases: ['CVE-2026-0001'], severity: critical })],
    { confirmLoss: true },
  )
  await reevaluatePackages(place, {}, { signal })
  const [again] = await recordsOf(place, digest)
  assert.deepEqual([again?.id, again?.status], [first?.id, 'ACTIVE'])
  assert.equal(again?.firstObservedAt.getTime(), first?.firstObservedAt.getTime())
})

test('what closed before the image was there, or more than 30 days ago, is not told', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [osvRecord({ id: 'GHSA-1' })])
  const early = await push(place, { layers: [layerOf({ ...npmPackage('left-pad', '1.0.0') })] })
  await runScan(place, early.digest)
  place.clock.advance(day)
  await importRecords(place, [osvRecord({ id: 'GHSA-9', name: 'other' })], { confirmLoss: true })
  await reevaluatePackages(place, {}, { signal })
  place.clock.advance(day)
  const late = await push(place, {
    layers: [layerOf({ ...npmPackage('left-pad', '1.0.0'), ...npmPackage('b', '1.0.0') })],
  })
  await runScan(place, late.digest)
  assert.deepEqual(await recordsOf(place, late.digest), [])
  assert.equal((await recordsOf(place, early.digest)).length, 1)
  place.clock.advance(30 * day)
  assert.deepEqual(await recordsOf(place, early.digest), [])
})

test('a package of the system has its version in parts, and the platform is named', async (t) => {
  const place = await scanPlace(t)
  await importRecords(place, [
    osvRecord({
      id: 'DSA-1',
      ecosystem: 'Debian:12',
      name: 'bash',
      fixed: '1:5.3-1',
      upstream: ['CVE-2026-0002'],
    }),
  ])
  const layer = layerOf({
    'etc/os-release': osRelease.debian12,
    'var/lib/dpkg/status': dpkg(['bash', '1:5.2-4+b1']),
  })
  const { digest } = await push(place, { layers: [layer] })
  await runScan(place, digest)
  const [record] = await recordsOf(place, digest)
  assert.ok(record !== undefined)
  const shape = spellFinding(record, {
    region: 'us-east-1',
    time: (moment) => moment.toISOString(),
  })
  assert.deepEqual(
    { ...shape, resources: undefined, packageVulnerabilityDetails: undefined },
    {
      findingArn: `arn:aws:inspector2:us-east-1:123456789012:finding/${record.id}`,
      awsAccountId: '123456789012',
      type: 'PACKAGE_VULNERABILITY',
      title: 'CVE-2026-0002 - bash',
      description: 'CVE-2026-0002 in bash',
      severity: 'UNTRIAGED',
      status: 'ACTIVE',
      firstObservedAt: '2026-11-24T12:00:00.000Z',
      lastObservedAt: '2026-11-24T12:00:00.000Z',
      updatedAt: '2026-11-24T12:00:00.000Z',
      fixAvailable: 'YES',
      exploitAvailable: 'NO',
      remediation: { recommendation: { text: 'bash 1:5.2-4+b1: update to 1:5.3-1' } },
      resources: undefined,
      packageVulnerabilityDetails: undefined,
    },
  )
  const text = JSON.stringify(shape)
  for (const part of [
    '"epoch":1,"release":"4+b1","arch":"amd64","packageManager":"OS"',
    '"platform":"DEBIAN_12"',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`)
})

test('an id leads back to its image, and what is none leads nowhere', () => {
  const digest = `sha256:${'ab'.repeat(32)}` as Digest
  const id = findingId({ repositoryId: 258, digest }, 'CVE-2026-0001')
  assert.match(id, /^00000102abababababab[0-9a-f]{12}$/)
  assert.deepEqual(placeOfFinding(id), { repositoryId: 258, digestStart: 'abababababab' })
  assert.equal(placeOfFinding(`${id}0`), undefined)
  assert.equal(placeOfFinding(id.toUpperCase()), undefined)
})
