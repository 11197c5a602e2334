// Filters of findings: what they hold back everywhere, and what is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { npmPackage, push, repositoryId, runScan, scanPlace } from '../../test/kit/scanning.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { createFilter, removeFilter, updateFilter } from './finding-filters.ts'
import { listFindings } from './list-findings.ts'
import type { FindingCriteria } from './rules/finding-criteria.ts'
import { readScannedInstances } from './scan-store.ts'
import { openSuppressions } from './suppressions.ts'

const account = parseAccountId('123456789012')
assert.ok(account !== undefined)
const owner = account
const is = (value: string) => [{ comparison: 'EQUALS' as const, value }]
const filter = (name: string, criteria: FindingCriteria) =>
  ({
    account: owner,
    principal: 'arn:of:somebody',
    name,
    action: 'SUPPRESS',
    criteria,
    reason: 'because',
    tags: {},
  }) as const

test('a filter holds back what meets it, in every list, until it is changed or gone', async (t) => {
  const place = await scanPlace(t)
  const { database: reader, clock } = place
  await importRecords(place, [
    osvRecord({ id: 'GHSA-1', name: 'a', aliases: ['CVE-2026-0001'] }),
    osvRecord({ id: 'GHSA-2', name: 'b', aliases: ['CVE-2026-0001'] }),
    osvRecord({ id: 'GHSA-3', name: 'b' }),
  ])
  const layer = layerOf({ ...npmPackage('a', '1.0.0'), ...npmPackage('b', '1.0.0') })
  const { digest } = await push(place, { layers: [layer] })
  await runScan(place, digest)
  const suppressions = openSuppressions({
    reader,
    clock,
    keys: [],
    hosts: () => [],
    region: 'us-east-1',
  })
  const listed = async () => {
    const found = await readScannedInstances(reader, { repositoryId, digest })
    const instances = found.map((instance) => ({ ...instance, imageDigest: digest }))
    const repository = { id: repositoryId, name: 'team/app1' }
    const inForce = await suppressions.inForce({ account: owner, repository, instances })
    const { findings, suppressed } = await listFindings(reader, instances, inForce)
    const names = (of: typeof findings) =>
      of.map((one) => `${one.vulnerability} ${one.package.name}`).toSorted()
    return { open: names(findings), held: names(suppressed), suppressed }
  }
  // One package that meets it is enough for the flaw, and with it for the other package that has it.
  const id = await createFilter(
    place,
    filter('one', { vulnerablePackages: [{ name: { comparison: 'EQUALS', value: 'a' } }] }),
  )
  const held = await listed()
  assert.deepEqual(held.open, ['GHSA-3 b'])
  assert.deepEqual(held.held, ['CVE-2026-0001 a', 'CVE-2026-0001 b'])
  assert.deepEqual(held.suppressed[0]?.suppression, {
    kind: 'filter',
    by: 'arn:of:somebody',
    name: 'one',
    reason: 'because',
  })
  await updateFilter(place, {
    account: owner,
    principal: 'arn',
    id,
    changes: { criteria: { ecrImageRepositoryName: is('other') } },
  })
  assert.deepEqual((await listed()).held, [])
  await updateFilter(place, {
    account: owner,
    principal: 'arn',
    id,
    changes: { criteria: { ecrImageHash: is(digest) } },
  })
  assert.deepEqual((await listed()).open, [])
  // What is said of machines, functions and networks is said of no image: it holds nothing back, whatever it says.
  const isNot = (value: string) => [{ comparison: 'NOT_EQUALS' as const, value }]
  const ofOthers: readonly FindingCriteria[] = [
    { ec2InstanceVpcId: isNot('vpc-1') },
    { ecrImageHash: is(digest), lambdaFunctionName: isNot('f') },
    { vulnerablePackages: [{ sourceLambdaLayerArn: { comparison: 'NOT_EQUALS', value: 'x' } }] },
  ]
  for (const criteria of ofOthers) {
    const changes = { criteria }
    await updateFilter(place, { account: owner, principal: 'arn', id, changes })
    assert.deepEqual((await listed()).held, [])
  }
  const ofImages = { changes: { criteria: { ecrImageTags: isNot('no such tag') } } }
  await updateFilter(place, { account: owner, principal: 'arn', id, ...ofImages })
  assert.deepEqual((await listed()).open, [])
  await updateFilter(place, { account: owner, principal: 'arn', id, changes: { action: 'NONE' } })
  assert.equal((await listed()).open.length, 3)
  await removeFilter(place, owner, id)
  await assert.rejects(removeFilter(place, owner, id), { code: 'FILTER_UNKNOWN' })
})

test('a filter that would hold back everything, or has a name that is taken, is refused', async (t) => {
  const place = await scanPlace(t)
  await assert.rejects(createFilter(place, filter('all', {})), { code: 'FILTER_TOO_WIDE' })
  const id = await createFilter(place, { ...filter('kept', {}), action: 'NONE' })
  await assert.rejects(createFilter(place, filter('kept', { severity: is('LOW') })), {
    code: 'FILTER_NAME_TAKEN',
  })
  const suppress = {
    account: owner,
    principal: 'arn',
    id,
    changes: { action: 'SUPPRESS' },
  } as const
  await assert.rejects(updateFilter(place, suppress), { code: 'FILTER_TOO_WIDE' })
})

test('filters have room for so many criteria together, made or changed', async (t) => {
  const place = await scanPlace(t)
  await push(place, { layers: [] })
  const wide = (pieces: number): FindingCriteria => ({
    title: Array.from({ length: pieces }, () => ({
      comparison: 'EQUALS' as const,
      value: 'x'.repeat(1000),
    })),
  })
  const id = await createFilter(place, filter('one', wide(200)))
  await assert.rejects(createFilter(place, filter('two', wide(60))), { code: 'FILTERS_TOO_MANY' })
  const changed = { account: owner, principal: 'arn', id }
  await assert.rejects(updateFilter(place, { ...changed, changes: { criteria: wide(260) } }), {
    code: 'FILTERS_TOO_MANY',
  })
  await updateFilter(place, { ...changed, changes: { criteria: wide(10) } })
  await createFilter(place, filter('two', wide(60)))
})
