// Where images run, as findings, coverage and counts tell it, and what may be asked by it. What nobody told is not told.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { importRecords, osvRecord } from '../../test/kit/advisories.ts'
import { npmPackage, push, runScan, scanPlace, testAccount } from '../../test/kit/scanning.ts'
import { layerOf } from '../../test/kit/image-builder.ts'
import { coverageCriteriaOf } from '../edges/aws/inspector2/coverage-inputs.ts'
import type { Digest } from '../oci/digest.ts'
import { addReported } from '../running/cluster-sighting-store.ts'
import { FlawIndexes } from './flaw-index.ts'
import { coveredImages } from './list-coverage.ts'
import { listRecords } from './list-records.ts'
import type { RecordListDeps } from './record-walk.ts'
import type { FindingCriteria } from './rules/finding-criteria.ts'
import { imageIsMeant } from './rules/record-groups.ts'
import { spellFinding } from './spell-finding.ts'
import { openSuppressions } from './suppressions.ts'

interface World {
  readonly deps: RecordListDeps
  readonly running: Digest
  readonly idle: Digest
  readonly report: () => Promise<Date>
  /** Digests of images with findings that meet the criteria. */
  readonly found: (criteria: FindingCriteria) => Promise<readonly string[]>
  readonly covered: (criteria: object) => Promise<readonly string[]>
}

async function world(t: TestContext): Promise<World> {
  const place = await scanPlace(t)
  const { database: reader, clock } = place
  await importRecords(place, [osvRecord({ id: 'GHSA-1', name: 'p' })])
  const pushed: Digest[] = []
  for (const version of ['1.0.0', '1.0.1']) {
    const { digest } = await push(place, { layers: [layerOf(npmPackage('p', version))] })
    await runScan(place, digest)
    pushed.push(digest)
  }
  const [running, idle] = pushed
  assert.ok(running !== undefined && idle !== undefined)
  const suppressions = openSuppressions({ reader, clock, keys: [], hosts: () => [] })
  const flawIndexes = new FlawIndexes(reader)
  const deps = { reader, clock, suppressions, region: 'us-east-1', flawIndexes }
  const named = await reader.first('SELECT name FROM repositories WHERE id = 1')
  return {
    deps,
    running,
    idle,
    async report() {
      const workload = { namespace: 'web', workloadKind: 'Deployment', workloadName: 'app' }
      const use = { ...workload, repository: String(named?.['name']), digest: running, units: 3 }
      const cluster = { account: testAccount, cluster: 'prod' }
      await reader.transaction((tx) => addReported(tx, cluster, [use], clock.now()))
      return clock.now()
    },
    async found(criteria) {
      const order = { field: 'SEVERITY', descending: false } as const
      const question = { account: testAccount, criteria, order, limit: 100 }
      const { records } = await listRecords(deps, question, undefined)
      return records.map(({ image }) => image.digest)
    },
    async covered(criteria) {
      const asked = { account: testAccount, criteria: coverageCriteriaOf(criteria) }
      const digests: string[] = []
      const covering = {
        reader,
        region: 'us-east-1',
        defaults: 'secure' as const,
        contentOf: place.contentOf,
      }
      for await (const { image } of coveredImages(covering, asked))
        if (image !== undefined) digests.push(image.digest)
      return digests
    },
  }
}

test('nothing is told, and nothing met, while no cluster ever told', async (t) => {
  const { found, covered, deps } = await world(t)
  assert.equal((await found({})).length, 2)
  for (const criteria of [
    { ecrImageInUseCount: [{ upperInclusive: 0 }] },
    { ecrImageInUseCount: [{ lowerInclusive: 0 }] },
    { ecrImageLastInUseAt: [{ startInclusive: 0 }] },
  ]) {
    assert.deepEqual(await found(criteria), [])
    assert.deepEqual(await covered(criteria), [])
  }
  const order = { field: 'SEVERITY', descending: false } as const
  const question = { account: testAccount, criteria: {}, order, limit: 100 }
  const { records } = await listRecords(deps, question, undefined)
  assert.ok(records[0] !== undefined)
  const spelled = spellFinding(records[0], { region: 'us-east-1', time: Number })
  assert.doesNotMatch(JSON.stringify(spelled), /nUse/)
})

test('what runs is told with how many and when, and may be asked for', async (t) => {
  const { found, covered, running, idle, report, deps } = await world(t)
  const at = (await report()).getTime() / 1000
  for (const ask of [found, covered]) {
    assert.deepEqual(await ask({ ecrImageInUseCount: [{ lowerInclusive: 1 }] }), [running])
    assert.deepEqual(await ask({ ecrImageInUseCount: [{ lowerInclusive: 4 }] }), [])
    assert.deepEqual(await ask({ ecrImageInUseCount: [{ upperInclusive: 0 }] }), [idle])
    assert.deepEqual(await ask({ ecrImageLastInUseAt: [{ startInclusive: at }] }), [running])
    assert.deepEqual(await ask({ ecrImageLastInUseAt: [{ startInclusive: at + 1 }] }), [])
  }
  const order = { field: 'SEVERITY', descending: false } as const
  const criteria = { ecrImageInUseCount: [{ lowerInclusive: 1 }] }
  const question = { account: testAccount, criteria, order, limit: 100 }
  const { records } = await listRecords(deps, question, undefined)
  const [record] = records
  assert.ok(record !== undefined)
  const spelling = { region: 'us-east-1', time: (moment: Date) => moment.getTime() / 1000 }
  const shape = (more: { readonly isOfEcr?: true }): unknown => {
    const { resources } = spellFinding(record, { ...spelling, ...more }) as {
      readonly resources: readonly { readonly details: { readonly awsEcrContainerImage: object } }[]
    }
    return resources[0]?.details.awsEcrContainerImage
  }
  assert.partialDeepStrictEqual(shape({}), { inUseCount: 3, lastInUseAt: at })
  // ECR counts clusters.
  assert.partialDeepStrictEqual(shape({ isOfEcr: true }), { inUseCount: 1, lastInUseAt: at })
  const image = { ...record.image, arn: 'a' }
  assert.equal(imageIsMeant({ inUseCount: [{ lowerInclusive: 3 }] }, image), true)
  assert.equal(imageIsMeant({ lastInUseAt: [{ endInclusive: at - 1 }] }, image), false)
})
