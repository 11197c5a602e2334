// In which clusters an image runs: refusals of what is not the caller's, pages, and the shapes of the service's model.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { report, runningPlace } from '../../../../test/kit/running-place.ts'
import { imageDigest, pushImage } from '../../../../test/kit/trust-place.ts'
import { deriveKey } from '../../../access/rules/seal.ts'
import type { Caller } from '../../../access/caller.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import { getClustersForImage } from './get-clusters-for-image.ts'

interface Answer {
  readonly cluster: readonly {
    readonly clusterArn: string
    readonly clusterDetails: readonly {
      readonly lastInUse: number
      readonly runningUnitCount: number
      readonly stoppedUnitCount: number
      readonly clusterMetadata: unknown
    }[]
  }[]
  readonly nextToken?: string
}

/** As the model of inspector2 of 2020-06-08 has it. */
const arnGrammar =
  /^arn:aws(?:-[a-z0-9-]+)?:(?:ecs|eks):[a-z0-9-]+:[0-9]{12}:cluster\/[a-zA-Z0-9_-]+$/

test('each cluster is told with what runs and what ended a day ago at most', async (t) => {
  const place = await runningPlace(t, ['host.1', 'prod'])
  const { database: reader, clock, ids, repository } = place
  const pagingKey = deriveKey(Buffer.alloc(32), 'paging')
  const deps = { reader, clock, ids, pagingKey, region: 'eu-west-1' }
  const image = await pushImage(place, 'app')
  const other = imageDigest('not stored')
  const arn = (account = '123456789012', digest = `/${image}`): string =>
    `arn:aws:ecr:eu-west-1:${account}:repository/team/app${digest}`
  const ask = async (resourceId: string, more: object = {}): Promise<Answer> => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of a caller that is read
    const caller = { accountId: repository.account } as Caller & { readonly accountId: AccountId }
    const input = { filter: { resourceId }, ...more }
    return (await getClustersForImage(deps, input, { caller })) as unknown as Answer
  }
  assert.deepEqual(await ask(arn()), { cluster: [] })
  const at = (digest: string, name: string, units = 1) => ({
    image: `registry.example/team/app@${digest}`,
    namespace: 'web',
    kind: 'Deployment',
    name,
    units,
  })
  await report(place, [at(image, 'a', 2), at(image, 'b', 3), at(other, 'c')])
  await report(place, [`team/app@${image}`], 'host.1')
  assert.deepEqual(await ask(arn('210987654321')), { cluster: [] })
  assert.deepEqual((await ask(arn('123456789012', `/${imageDigest('x')}`))).cluster, [])
  clock.advance(3_600_000)
  await report(place, [at(image, 'a')])
  const { cluster, nextToken } = await ask(arn())
  assert.equal(nextToken, undefined)
  for (const { clusterArn } of cluster) assert.match(clusterArn, arnGrammar)
  const now = clock.now().getTime() / 1000
  assert.deepEqual(cluster, [
    {
      clusterArn: 'arn:aws:eks:eu-west-1:123456789012:cluster/host_1',
      clusterDetails: [
        {
          lastInUse: now - 3600,
          runningUnitCount: 1,
          stoppedUnitCount: 0,
          clusterMetadata: { awsEksMetadataDetails: { workloadInfoList: [] } },
        },
      ],
    },
    {
      clusterArn: 'arn:aws:eks:eu-west-1:123456789012:cluster/prod',
      clusterDetails: [
        {
          lastInUse: now,
          runningUnitCount: 1,
          stoppedUnitCount: 3,
          clusterMetadata: {
            awsEksMetadataDetails: {
              namespace: 'web',
              workloadInfoList: [
                { name: 'a', type: 'Deployment' },
                { name: 'b', type: 'Deployment' },
              ],
            },
          },
        },
      ],
    },
  ])
  const first = await ask(arn(), { maxResults: 1 })
  assert.equal(first.cluster.length, 1)
  const second = await ask(arn(), { maxResults: 1, nextToken: first.nextToken })
  assert.deepEqual([...first.cluster, ...second.cluster], cluster)
  assert.equal(second.nextToken, undefined)
  await assert.rejects(ask(arn('123456789012', ''), { nextToken: first.nextToken }))
  // Of the repository all that ran of it lately, also what is not stored here.
  assert.equal(
    (await ask(arn('123456789012', ''))).cluster[1]?.clusterDetails[0]?.stoppedUnitCount,
    4,
  )
  clock.advance(24 * 3_600_000)
  assert.equal((await ask(arn())).cluster[1]?.clusterDetails[0]?.stoppedUnitCount, 0)
})
