import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  policyOfSize,
  pullPolicy,
  testPolicyOwners,
  type TestPolicyOwners,
} from '../../test/kit/policy-owners.ts'
import { administratorAccessArn } from '../policy/managed/aws-policies.ts'
import { attachPolicy, detachPolicy } from './attached-policies.ts'
import {
  createPolicy,
  deletePolicy,
  getPolicy,
  listPolicies,
  type PolicySummary,
} from './managed-policies.ts'
import {
  createPolicyVersion,
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  setDefaultPolicyVersion,
} from './managed-policy-versions.ts'

async function create(deps: TestPolicyOwners, name: string, path = '/'): Promise<PolicySummary> {
  const { account } = deps
  return createPolicy(deps, {
    account,
    name,
    path,
    description: undefined,
    document: pullPolicy,
    tags: [],
  })
}

test('refuses a second policy of a name, whatever its case and path, and nothing else of another account', async (t) => {
  const deps = await testPolicyOwners(t)
  await create(deps, 'pull')
  await assert.rejects(create(deps, 'PULL', '/team/'), {
    code: 'ENTITY_EXISTS',
    message: 'A policy called PULL already exists. Duplicate names are not allowed.',
  })
  const other = { ...deps, account: deps.other }
  assert.equal((await create(other, 'pull')).arn, 'arn:aws:iam::210987654321:policy/pull')
})

test('refuses documents that are too large or malformed, as a policy and as a version', async (t) => {
  const deps = await testPolicyOwners(t)
  const { account } = deps
  const { arn } = await create(deps, 'pull')
  const large = { code: 'ENTITY_LIMIT', message: 'Cannot exceed quota for PolicySize: 6144' }
  const named = { account, name: 'large', path: '/', description: undefined, tags: [] }
  const version = { account, arn, setAsDefault: true }
  await assert.rejects(createPolicy(deps, { ...named, document: policyOfSize(6145) }), large)
  await assert.rejects(
    createPolicyVersion(deps, { ...version, document: policyOfSize(6145) }),
    large,
  )
  await assert.rejects(createPolicy(deps, { ...named, document: '{}' }), {
    code: 'POLICY_MALFORMED',
  })
  await assert.rejects(createPolicyVersion(deps, { ...version, document: '{}' }), {
    code: 'POLICY_MALFORMED',
  })
  await createPolicy(deps, { ...named, document: policyOfSize(6144) })
})

test('nobody changes what is AWS’s, and nobody sees what is another account’s', async (t) => {
  const deps = await testPolicyOwners(t)
  const { account, other } = deps
  const { arn } = await create(deps, 'pull', '/team/')
  const document = pullPolicy
  const ofAws = { account, arn: administratorAccessArn }
  const unmodifiable = { code: 'ENTITY_UNMODIFIABLE' }
  await assert.rejects(deletePolicy(deps, ofAws), unmodifiable)
  await assert.rejects(
    createPolicyVersion(deps, { ...ofAws, document, setAsDefault: true }),
    unmodifiable,
  )
  await assert.rejects(setDefaultPolicyVersion(deps, { ...ofAws, version: 1 }), unmodifiable)
  await assert.rejects(deletePolicyVersion(deps, { ...ofAws, version: 1 }), unmodifiable)
  const unknown = { code: 'ENTITY_UNKNOWN', message: `Policy ${arn} was not found.` }
  await assert.rejects(getPolicy(deps, { account: other, arn }), unknown)
  await assert.rejects(deletePolicy(deps, { account: other, arn }), unknown)
  await assert.rejects(listPolicyVersions(deps, { account: other, arn }), unknown)
  for (const wrong of ['arn:aws:iam::123456789012:policy/pull', arn.replace('pull', 'PULL')]) {
    await assert.rejects(getPolicy(deps, { account, arn: wrong }), { code: 'ENTITY_UNKNOWN' })
  }
})

test('a policy that somebody uses, as permissions or as a boundary, is not deleted', async (t) => {
  const deps = await testPolicyOwners(t)
  const { account } = deps
  const { arn } = await create(deps, 'pull')
  const inUse = { code: 'ENTITY_IN_USE', message: 'Cannot delete a policy attached to entities.' }
  const owner = { account, kind: 'group', name: 'devs' } as const
  await attachPolicy(deps, { owner, policyArn: arn })
  await assert.rejects(deletePolicy(deps, { account, arn }), inUse)
  await detachPolicy(deps, { owner, policyArn: arn })
  const bound = (boundary: string | null): Promise<number> =>
    deps.database.transaction((tx) =>
      tx.run(`UPDATE users SET boundary_arn = $1 WHERE id = 'AIDA1'`, [boundary]),
    )
  await bound(arn)
  assert.deepEqual((await getPolicy(deps, { account, arn })).use, { attachments: 0, boundaries: 1 })
  await assert.rejects(deletePolicy(deps, { account, arn }), inUse)
  await bound(null)
  await deletePolicy(deps, { account, arn })
  await assert.rejects(getPolicy(deps, { account, arn }), { code: 'ENTITY_UNKNOWN' })
})

test('five versions at most; the default one is not deleted, numbers are not given again', async (t) => {
  const deps = await testPolicyOwners(t)
  const { account } = deps
  const { arn } = await create(deps, 'pull')
  const add = (
    setAsDefault: boolean,
    document = pullPolicy,
  ): Promise<{ readonly version: number }> =>
    createPolicyVersion(deps, { account, arn, document, setAsDefault })
  await add(false)
  await add(true, policyOfSize(300))
  await add(false)
  await add(false)
  await assert.rejects(add(false), {
    code: 'ENTITY_LIMIT',
    message:
      'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
  })
  assert.equal((await getPolicy(deps, { account, arn })).defaultVersion, 3)
  await assert.rejects(deletePolicyVersion(deps, { account, arn, version: 3 }), {
    code: 'ENTITY_IN_USE',
    message: 'Cannot delete the default version of a policy.',
  })
  await assert.rejects(deletePolicy(deps, { account, arn }), { code: 'ENTITY_IN_USE' })
  await deletePolicyVersion(deps, { account, arn, version: 5 })
  assert.equal((await add(false)).version, 6)
  const missing = {
    code: 'ENTITY_UNKNOWN',
    message: `Policy ${arn} version v5 does not exist or is not attachable.`,
  }
  await assert.rejects(getPolicyVersion(deps, { account, arn, version: 5 }), missing)
  await assert.rejects(setDefaultPolicyVersion(deps, { account, arn, version: 5 }), missing)
  await assert.rejects(deletePolicyVersion(deps, { account, arn, version: 5 }), missing)
  await setDefaultPolicyVersion(deps, { account, arn, version: 1 })
  const listed = await listPolicyVersions(deps, { account, arn })
  assert.deepEqual(
    listed.map(({ version, isDefault }) => [version, isDefault]),
    [
      [6, false],
      [4, false],
      [3, false],
      [2, false],
      [1, true],
    ],
  )
  assert.equal(
    (await getPolicyVersion(deps, { account, arn, version: 3 })).document,
    policyOfSize(300),
  )
  for (const version of [2, 3, 4, 6]) await deletePolicyVersion(deps, { account, arn, version })
  await deletePolicy(deps, { account, arn })
})

test('each change of a policy is told to whoever keeps policies', async (t) => {
  const deps = await testPolicyOwners(t)
  const { account } = deps
  const grows = async (work: () => Promise<unknown>): Promise<void> => {
    const before = await deps.epoch()
    await work()
    assert.equal(await deps.epoch(), before + 1)
  }
  const arn = 'arn:aws:iam::123456789012:policy/pull'
  await grows(() => create(deps, 'pull'))
  await grows(() =>
    createPolicyVersion(deps, { account, arn, document: pullPolicy, setAsDefault: false }),
  )
  await grows(() => setDefaultPolicyVersion(deps, { account, arn, version: 2 }))
  await grows(() => deletePolicyVersion(deps, { account, arn, version: 1 }))
  await grows(() => deletePolicy(deps, { account, arn }))
})

test('an account sees its own policies and AWS’s, with how it uses them itself', async (t) => {
  const deps = await testPolicyOwners(t)
  const { account, other } = deps
  await create(deps, 'Zebra')
  await create(deps, 'ant')
  await create({ ...deps, account: other }, 'foreign')
  const owner = { account: other, kind: 'user', name: 'dev' } as const
  await attachPolicy(deps, { owner, policyArn: administratorAccessArn })
  const names = (await listPolicies(deps, { account, scope: 'Local' })).map(({ name }) => name)
  assert.deepEqual(names, ['ant', 'Zebra'])
  const ofAws = await listPolicies(deps, { account, scope: 'AWS' })
  assert.equal(ofAws.find(({ arn }) => arn === administratorAccessArn)?.use.attachments, 0)
  const all = await listPolicies(deps, { account: other, scope: 'All' })
  assert.equal(all.length, ofAws.length + 1)
  const asOther = await getPolicy(deps, { account: other, arn: administratorAccessArn })
  assert.partialDeepStrictEqual(asOther, { kind: 'aws', use: { attachments: 1, boundaries: 0 } })
  const [version] = await listPolicyVersions(deps, { account, arn: administratorAccessArn })
  assert.match(version?.document ?? '', /"Action": "\*"/)
})
