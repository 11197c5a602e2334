import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testPolicyOwners, type TestPolicyOwners } from '../../test/kit/policy-owners.ts'
import {
  addClientId,
  changeProviderOptions,
  createProvider,
  deleteProvider,
  describeProviders,
  getProvider,
  listProviders,
  putThumbprints,
  removeClientId,
} from './oidc-providers.ts'

const url = 'https://token.actions.githubusercontent.com'
const thumbprint = '6938fd4d98bab03faadb97b34396831e3780aea1'

async function create(deps: TestPolicyOwners, changed: object = {}): Promise<string> {
  const input = {
    account: deps.account,
    url,
    clientIds: ['sts.amazonaws.com'],
    thumbprints: [],
    tags: [],
  }
  return createProvider(deps, { ...input, ...changed })
}

test('refuses what is no provider’s URL, too many values, and thumbprints that are none', async (t) => {
  const deps = await testPolicyOwners(t)
  const refusals: readonly (readonly [object, object])[] = [
    [
      { url: 'http://issuer.example' },
      {
        code: 'INPUT_CONSTRAINT',
        message: 'Invalid Open ID Connect Provider URL: the URL must begin with https://',
      },
    ],
    [
      { clientIds: Array.from({ length: 101 }, (_, n) => `client-${n}`) },
      {
        code: 'ENTITY_LIMIT',
        message: 'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100',
      },
    ],
    [
      { thumbprints: Array.from({ length: 6 }, () => thumbprint) },
      { code: 'INPUT_INVALID', message: 'Thumbprint list must contain fewer than 5 entries.' },
    ],
    [{ thumbprints: [thumbprint.slice(1)] }, { code: 'INPUT_INVALID' }],
    [{ thumbprints: [thumbprint.replace('6', 'g')] }, { code: 'INPUT_INVALID' }],
  ]
  for (const [changed, expected] of refusals) {
    await assert.rejects(create(deps, changed), expected)
  }
  assert.deepEqual(await listProviders(deps, deps.account), [])
})

test('one provider of an issuer in an account, a hundred providers', async (t) => {
  const deps = await testPolicyOwners(t)
  await create(deps)
  await assert.rejects(create(deps, { url: `${url}/` }), {
    code: 'ENTITY_EXISTS',
    message: `Provider with url ${url} already exists.`,
  })
  await create({ ...deps, account: deps.other })
  for (let n = 1; n < 100; n += 1) await create(deps, { url: `https://issuer-${n}.example` })
  await assert.rejects(create(deps, { url: 'https://issuer-100.example' }), {
    code: 'ENTITY_LIMIT',
  })
  assert.equal((await listProviders(deps, deps.account)).length, 100)
})

test('an ARN of another account or of nothing is not found, by any operation', async (t) => {
  const deps = await testPolicyOwners(t)
  const arn = await create(deps)
  const { account, other } = deps
  for (const address of [
    { account: other, arn },
    { account, arn: `${arn}/x` },
    { account, arn: 'no arn' },
    { account, arn: 'arn:aws:iam::123456789012:role/ci' },
  ]) {
    const expected = {
      code: 'ENTITY_UNKNOWN',
      message: `OpenIDConnect Provider not found for arn ${address.arn}`,
    }
    await assert.rejects(getProvider(deps, address), expected)
    await assert.rejects(addClientId(deps, { ...address, clientId: 'x' }), expected)
    await assert.rejects(removeClientId(deps, { ...address, clientId: 'x' }), expected)
    await assert.rejects(putThumbprints(deps, { ...address, thumbprints: [] }), expected)
    await assert.rejects(changeProviderOptions(deps, { ...address, change: {} }), expected)
    await assert.rejects(deleteProvider(deps, address), expected)
  }
})

test('audiences come and go one by one, thumbprints and options all together', async (t) => {
  const deps = await testPolicyOwners(t)
  const arn = await create(deps, { clientIds: ['a', 'a', 'b'], thumbprints: [thumbprint] })
  assert.equal(arn, 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com')
  const address = { account: deps.account, arn }
  const grows = async (work: () => Promise<unknown>): Promise<void> => {
    const before = await deps.epoch()
    await work()
    assert.equal(await deps.epoch(), before + 1)
  }
  await grows(() => addClientId(deps, { ...address, clientId: 'c' }))
  await grows(() => addClientId(deps, { ...address, clientId: 'c' }))
  await grows(() => removeClientId(deps, { ...address, clientId: 'a' }))
  await grows(() => removeClientId(deps, { ...address, clientId: 'never' }))
  await grows(() => putThumbprints(deps, { ...address, thumbprints: [] }))
  const options = { claims: ['repository'], singleUse: true }
  await grows(() => changeProviderOptions(deps, { ...address, change: options }))
  assert.deepEqual(await getProvider(deps, address), {
    account: deps.account,
    issuer: 'token.actions.githubusercontent.com',
    clientIds: ['b', 'c'],
    thumbprints: [],
    options,
    createdAt: deps.clock.now(),
  })
  await grows(() => deleteProvider(deps, address))
  assert.deepEqual(await listProviders(deps, deps.account), [])
})

test('options change one by one; one that is wrong changes none', async (t) => {
  const deps = await testPolicyOwners(t)
  const address = { account: deps.account, arn: await create(deps) }
  const change = (options: object): Promise<unknown> =>
    changeProviderOptions(deps, { ...address, change: { ...options } })
  const optionsNow = async (): Promise<unknown> => (await getProvider(deps, address)).options
  await change({ claims: ['repository'], singleUse: true })
  await change({ claims: null, allowPrivateNetwork: true })
  assert.deepEqual(await optionsNow(), { singleUse: true, allowPrivateNetwork: true })
  await assert.rejects(change({ singleUse: false, claim: ['x'] }), {
    code: 'INPUT_INVALID',
    message: /"claim" is no option/,
  })
  const caBundle = `-----BEGIN CERTIFICATE-----\n${'A'.repeat(128 * 1024)}\n-----END CERTIFICATE-----`
  await assert.rejects(change({ caBundle }), { code: 'INPUT_INVALID', message: /more than/ })
  assert.deepEqual(await optionsNow(), { singleUse: true, allowPrivateNetwork: true })
  assert.deepEqual(await describeProviders(deps, deps.account), [
    {
      arn: address.arn,
      url,
      clientIds: ['sts.amazonaws.com'],
      options: { singleUse: true, allowPrivateNetwork: true },
    },
  ])
})
