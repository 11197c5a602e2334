// Every order and filter of findings, page by page, against all findings of all images put in that order at once.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { insertImages, layerOf } from '../../test/kit/image-builder.ts'
import { npmPackage, scanPlace, type ScanPlace } from '../../test/kit/scanning.ts'
import type { Digest } from '../oci/digest.ts'
import { parseAccountId } from '../policy/account-id.ts'
import type { FindingRecord } from './finding-record.ts'
import { FlawIndexes } from './flaw-index.ts'
import { importCveFacts } from './import-cve-facts.ts'
import { listRecords, type RecordCursor } from './list-records.ts'
import { readRecords } from './read-records.ts'
import { orderedFinding, type RecordListDeps } from './record-walk.ts'
import { reevaluatePackages } from './reevaluate-packages.ts'
import { requestScan } from './request-scan.ts'
import type { FindingCriteria } from './rules/finding-criteria.ts'
import { compareKeys, sortFields, sortKey, type SortField } from './rules/record-order.ts'
import { scanImage } from './scan-image.ts'
import { openSuppressions } from './suppressions.ts'

const { signal } = new AbortController()
const account = parseAccountId('123456789012')
assert.ok(account !== undefined)
const owner = account
const vectors = {
  critical: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  medium: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N',
} as const
const hour = 3_600_000

interface World {
  readonly place: ScanPlace
  readonly deps: RecordListDeps
  readonly images: readonly { readonly repositoryId: number; readonly digest: Digest }[]
  readonly all: readonly FindingRecord[]
}

/** Packages p0 … p9; each image has some. Record r of package p, of the flaw of its number. */
function records(generation: number): readonly unknown[] {
  return Array.from({ length: 10 }, (_, n) => {
    const severity = n % 3 === 0 ? vectors.critical : n % 3 === 1 ? vectors.medium : undefined
    return osvRecord({
      id: `GHSA-${n}`,
      name: `p${n}`,
      // Two packages share a flaw; some flaws have no CVE.
      ...(n % 4 === 3 ? {} : { aliases: [`CVE-2026-${1000 + (n >> 1)}`] }),
      ...(severity === undefined ? {} : { severity }),
      ...(n % 2 === 0 ? { fixed: '2.0.0' } : {}),
      ...(generation > 0 && n === 4 ? { withdrawn: '2026-11-20T00:00:00Z' } : {}),
      ...(generation > 0 && n === 6 ? { severity: vectors.critical } : {}),
    })
  })
}

async function pushTo(place: ScanPlace, repositoryId: number, names: readonly string[]) {
  const files = Object.assign(
    { [`etc/${place.clock.now().getTime()}`]: 'x' },
    ...names.map((name) => npmPackage(name, '1.0.0')),
  ) as Record<string, string>
  const { digest } = place.images.addImage({ layers: [layerOf(files)] })
  await place.database.transaction(async (tx) => {
    await insertImages(tx, repositoryId, [digest])
    await requestScan(
      tx,
      { repositoryId, digest },
      { account: owner, origin: 'push' },
      place.clock.now(),
    )
  })
  await scanImage(place, { repositoryId, digest }, { signal, attempt: 1 })
  place.clock.advance(hour)
  return { repositoryId, digest }
}

async function world(t: TestContext): Promise<World> {
  const place = await scanPlace(t)
  await importRecords(place, records(0))
  // One of the source's own records knows the other's name only, so that both are told as one.
  await importRecords(
    place,
    [osvRecord({ id: 'CVE-2026-2000', name: 'p3', aliases: ['GHSA-3'], severity: vectors.medium })],
    { source: 'other' },
  )
  const epss = ['cve,epss,percentile', 'CVE-2026-1000,0.5,0.9', 'CVE-2026-1002,0.25,0.8']
  await importCveFacts(
    place,
    { bytes: Readable.from([Buffer.from(`${epss.join('\n')}\n`)]), confirmLoss: false },
    { signal },
  )
  const images: { repositoryId: number; digest: Digest }[] = []
  for (let n = 0; n < 24; n += 1) {
    const names = Array.from({ length: 10 }, (_, at) => `p${at}`).filter(
      (_, at) => (n * 7 + at * 3) % 5 < 2,
    )
    images.push(await pushTo(place, 1 + (n % 3), names))
    if (n === 11) {
      await importRecords(place, records(1))
      await reevaluatePackages(place, {}, { signal })
      place.clock.advance(hour)
    }
  }
  const { database: reader, clock } = place
  const suppressions = openSuppressions({ reader, clock, keys: [], hosts: () => [] })
  const deps = {
    reader,
    clock,
    suppressions,
    region: 'us-east-1',
    flawIndexes: new FlawIndexes(reader),
  }
  const all: FindingRecord[] = []
  for (const key of images) all.push(...((await readRecords(deps, key)) ?? []))
  return { place, deps, images, all }
}

async function listed(
  { deps }: World,
  criteria: FindingCriteria,
  order: { readonly field: SortField; readonly descending: boolean },
  limit: number,
): Promise<readonly FindingRecord[]> {
  const found: FindingRecord[] = []
  let cursor: RecordCursor | undefined
  for (let pages = 0; pages < 10_000; pages += 1) {
    // As a token carries it.
    const after =
      cursor === undefined ? undefined : (JSON.parse(JSON.stringify(cursor)) as RecordCursor)
    const page = await listRecords(deps, { account: owner, criteria, order, limit }, after)
    assert.ok(page.records.length <= limit)
    found.push(...page.records)
    cursor = page.next
    if (cursor === undefined) return found
  }
  throw new Error('the list does not end')
}

const nameOf = ({ id, status }: FindingRecord): string => `${id} ${status}`

test('each order lists every finding once, in that order, whatever the size of pages', async (t) => {
  const built = await world(t)
  assert.ok(built.all.length > 60, String(built.all.length))
  assert.ok(built.all.some(({ status }) => status === 'CLOSED'))
  assert.ok(
    built.all.some(
      ({ vulnerability, aliases }) =>
        vulnerability === 'CVE-2026-2000' && aliases.includes('GHSA-3'),
    ),
  )
  for (const field of sortFields) {
    for (const descending of [false, true]) {
      const isShort = ['SEVERITY', 'FIRST_OBSERVED_AT', 'ECR_IMAGE_PUSHED_AT'].includes(field)
      for (const limit of isShort ? [1, 100] : [7]) {
        const found = await listed(built, {}, { field, descending }, limit)
        const where = `${field} ${descending ? 'DESC' : 'ASC'} by ${limit}`
        assert.deepEqual(found.map(nameOf).toSorted(), built.all.map(nameOf).toSorted(), where)
        const keys = found.map((record) => sortKey(field, orderedFinding(record)))
        const sorted = keys.toSorted((a, b) => (descending ? compareKeys(b, a) : compareKeys(a, b)))
        assert.deepEqual(keys, sorted, where)
      }
    }
  }
})

test('criteria leave the same findings in every order', async (t) => {
  const built = await world(t)
  const { all } = built
  const some = all[Math.floor(all.length / 2)]
  assert.ok(some !== undefined)
  const arn = `arn:aws:inspector2:us-east-1:123456789012:finding/${some.id}`
  const is = (value: string) => [{ comparison: 'EQUALS' as const, value }]
  const isNot = (value: string) => [{ comparison: 'NOT_EQUALS' as const, value }]
  const cases: readonly (readonly [FindingCriteria, (record: FindingRecord) => boolean])[] = [
    [{ findingArn: is(arn) }, ({ id }) => id === some.id],
    [
      { vulnerabilityId: is('CVE-2026-1000') },
      ({ vulnerability }) => vulnerability === 'CVE-2026-1000',
    ],
    [
      {
        vulnerabilityId: [...is('CVE-2026-1000'), ...is('CVE-2026-1002')],
        findingStatus: is('ACTIVE'),
      },
      ({ vulnerability, status }) =>
        status === 'ACTIVE' && ['CVE-2026-1000', 'CVE-2026-1002'].includes(vulnerability),
    ],
    [
      { vulnerabilityId: isNot('CVE-2026-1000') },
      ({ vulnerability }) => vulnerability !== 'CVE-2026-1000',
    ],
    [{ severity: is('CRITICAL') }, ({ severity }) => severity === 'CRITICAL'],
    [{ severity: is('UNTRIAGED') }, ({ severity }) => severity === 'UNDEFINED'],
    [{ ecrImageRepositoryName: is('team/app2') }, ({ image }) => image.repository === 'team/app2'],
    [{ ecrImageRepositoryName: [{ comparison: 'PREFIX', value: 'team/' }] }, () => true],
    [
      { ecrImageRepositoryName: isNot('team/app2') },
      ({ image }) => image.repository !== 'team/app2',
    ],
    [{ ecrImageHash: is(some.image.digest) }, ({ image }) => image.digest === some.image.digest],
    [
      {
        resourceId: is(
          `arn:aws:ecr:us-east-1:123456789012:repository/${some.image.repository}/${some.image.digest}`,
        ),
      },
      ({ image }) =>
        image.digest === some.image.digest && image.repository === some.image.repository,
    ],
    [{ findingStatus: is('CLOSED') }, ({ status }) => status === 'CLOSED'],
    [{ fixAvailable: is('YES') }, ({ fixAvailable }) => fixAvailable === 'YES'],
    [
      { epssScore: [{ lowerInclusive: 0.4 }] },
      ({ exploitation }) => (exploitation.epss?.score ?? 0) >= 0.4,
    ],
    [
      { inspectorScore: [{ upperInclusive: 6 }] },
      ({ score }) => score !== undefined && score.score <= 6,
    ],
    [
      { vulnerablePackages: [{ name: { comparison: 'EQUALS', value: 'p2' } }] },
      ({ packages }) => packages.some(({ name }) => name === 'p2'),
    ],
    [{ ec2InstanceVpcId: is('vpc-1') }, () => false],
    [{ lambdaFunctionName: isNot('f') }, () => true],
    [{ portRange: [{ beginInclusive: 1 }] }, () => false],
    [{ awsAccountId: is('210987654321') }, () => false],
    [{ resourceTags: [{ comparison: 'EQUALS', key: 'team' }] }, () => false],
  ]
  for (const [criteria, isMeant] of cases) {
    const wanted = all.filter(isMeant).map(nameOf).toSorted()
    for (const field of [
      'SEVERITY',
      'ECR_IMAGE_PUSHED_AT',
      'AWS_ACCOUNT_ID',
      'FIRST_OBSERVED_AT',
      'EPSS_SCORE',
    ] as const) {
      const found = await listed(built, criteria, { field, descending: true }, 11)
      assert.deepEqual(
        found.map(nameOf).toSorted(),
        wanted,
        `${JSON.stringify(criteria)} by ${field}`,
      )
    }
  }
})
