import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roleCaller, userCaller } from '../../test/kit/identities.ts'
import { lifecyclePlace, pushImage } from '../../test/kit/lifecycle-place.ts'
import { testRegistry } from '../../test/kit/registry.ts'
import { refusal } from '../../test/kit/uploads.ts'
import { parseAccountId } from '../policy/account-id.ts'
import type { Requester } from '../policy/requester.ts'
import { getManifest, recordPull } from './find-manifest.ts'
import {
  deregisterPullTimeExclusion,
  maxPullExclusions,
  registerPullTimeExclusion,
} from './pull-time-exclusions.ts'

const account = parseAccountId('123456789012') ?? assert.fail()
const other = parseAccountId('210987654321') ?? assert.fail()
const roleArn = 'arn:aws:iam::123456789012:role/scan/trivy'
const by = 'arn:aws:iam::123456789012:user/admin'

test('only a role is excluded, once, and as many as the registry may have', async (t) => {
  const registry = await testRegistry(t)
  for (const wrong of [
    'arn:aws:iam::123456789012:user/dev',
    'arn:aws-cn:iam::123456789012:role/ci',
    'arn:aws:sts::123456789012:assumed-role/ci/run',
  ]) {
    const put = registerPullTimeExclusion(registry, { account, roleArn: wrong, by })
    await assert.rejects(put, refusal('PULL_EXCLUSION_INVALID'), wrong)
  }
  await registerPullTimeExclusion(registry, { account, roleArn, by })
  const again = registerPullTimeExclusion(registry, { account, roleArn, by })
  await assert.rejects(again, refusal('PULL_EXCLUSION_EXISTS'))
  for (let n = 1; n < maxPullExclusions; n += 1)
    await registerPullTimeExclusion(registry, { account, roleArn: `${roleArn}${n}`, by })
  const more = registerPullTimeExclusion(registry, { account, roleArn: `${roleArn}x`, by })
  await assert.rejects(more, refusal('PULL_EXCLUSIONS_TOO_MANY'))
  await registerPullTimeExclusion(registry, { account: other, roleArn: `${roleArn}x`, by })
  await deregisterPullTimeExclusion(registry, { account, roleArn })
  const absent = deregisterPullTimeExclusion(registry, { account, roleArn })
  await assert.rejects(absent, refusal('PULL_EXCLUSION_UNKNOWN'))
})

test('pulls of sessions of an excluded role leave no trace; those of anybody else do, and its own again once it is removed', async (t) => {
  const place = await lifecyclePlace(t)
  const { repository, database } = place
  const digest = await pushImage(place, 'one', [])
  const pull = async (requester: Requester): Promise<Date | undefined> => {
    const named = { repository, reference: { kind: 'digest', digest } } as const
    await recordPull(place, await getManifest(database, named), { account, requester })
    return (await getManifest(database, named)).lastPulledAt
  }
  const { requester: excluded } = roleCaller(account, 'AROA1', '/scan/trivy')
  const { requester: namesake } = roleCaller(other, 'AROA2', '/scan/trivy')
  await registerPullTimeExclusion(place, { account, roleArn, by })
  assert.equal(await pull(excluded), undefined)
  const first = await pull(namesake)
  assert.deepEqual(first, place.clock.now(), 'a role of that name in another account')
  place.clock.advance(13 * 3_600_000)
  assert.deepEqual(await pull(excluded), first)
  const second = await pull(userCaller(account, 'AIDA1', '/dev').requester)
  assert.deepEqual(second, place.clock.now())
  place.clock.advance(13 * 3_600_000)
  await deregisterPullTimeExclusion(place, { account, roleArn })
  assert.deepEqual(await pull(excluded), place.clock.now())
})
