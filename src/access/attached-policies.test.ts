import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  pullPolicy,
  testPolicyOwners,
  type TestPolicyOwners,
} from '../../test/kit/policy-owners.ts'
import {
  attachPolicy,
  detachPolicy,
  listAttachedPolicies,
  listEntitiesForPolicy,
  maxAttachedPolicies,
} from './attached-policies.ts'
import { createPolicy } from './managed-policies.ts'

const readOnly = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly'

async function create(deps: TestPolicyOwners, name: string, path = '/'): Promise<string> {
  const { account } = deps
  const input = { account, name, path, description: undefined, document: pullPolicy, tags: [] }
  return (await createPolicy(deps, input)).arn
}

test('refuses to attach what is not there, what is another account’s, and what AWS keeps for itself', async (t) => {
  const deps = await testPolicyOwners(t)
  const owner = { account: deps.account, kind: 'role', name: 'ci' } as const
  const foreign = await create({ ...deps, account: deps.other }, 'foreign')
  const missing = [
    foreign,
    'arn:aws:iam::123456789012:policy/ghost',
    'arn:aws:iam::aws:policy/Ghost',
    'arn:aws:iam::aws:policy/administratoraccess',
    'no arn',
  ]
  for (const policyArn of missing) {
    await assert.rejects(attachPolicy(deps, { owner, policyArn }), {
      code: 'ENTITY_UNKNOWN',
      message: `Policy ${policyArn} does not exist or is not attachable.`,
    })
  }
  const policyArn = 'arn:aws:iam::aws:policy/aws-service-role/ECRReplicationServiceRolePolicy'
  await assert.rejects(attachPolicy(deps, { owner, policyArn }), {
    code: 'POLICY_NOT_ATTACHABLE',
    message: 'Cannot attach a Service Role Policy to a Customer Role.',
  })
  const ghost = { ...owner, name: 'ghost' }
  await assert.rejects(attachPolicy(deps, { owner: ghost, policyArn: readOnly }), {
    message: 'The role with name ghost cannot be found.',
  })
  await assert.rejects(detachPolicy(deps, { owner, policyArn: readOnly }), {
    code: 'ENTITY_UNKNOWN',
    message: `Policy ${readOnly} was not found.`,
  })
})

test('ten are attached at most; to attach one again is no eleventh', async (t) => {
  const deps = await testPolicyOwners(t)
  const kinds = [
    ['user', 'dev', 'PoliciesPerUser'],
    ['role', 'ci', 'PoliciesPerRole'],
    ['group', 'devs', 'PoliciesPerGroup'],
  ] as const
  const arns: string[] = []
  for (let n = 0; n < maxAttachedPolicies; n += 1) arns.push(await create(deps, `p${n}`))
  for (const [kind, name, quota] of kinds) {
    const owner = { account: deps.account, kind, name }
    for (const policyArn of arns) await attachPolicy(deps, { owner, policyArn })
    await assert.rejects(attachPolicy(deps, { owner, policyArn: readOnly }), {
      code: 'ENTITY_LIMIT',
      message: `Cannot exceed quota for ${quota}: 10`,
    })
    const before = await deps.epoch()
    await attachPolicy(deps, { owner, policyArn: arns[0] ?? '' })
    assert.equal(await deps.epoch(), before)
    await detachPolicy(deps, { owner, policyArn: arns[0] ?? '' })
    await attachPolicy(deps, { owner, policyArn: readOnly })
    assert.equal(await deps.epoch(), before + 2)
  }
})

test('lists what is attached by name, under a path if asked', async (t) => {
  const deps = await testPolicyOwners(t)
  const owner = { account: deps.account, kind: 'user', name: 'dev' } as const
  const pull = await create(deps, 'pull', '/team/')
  await attachPolicy(deps, { owner, policyArn: pull })
  await attachPolicy(deps, { owner, policyArn: readOnly })
  const listed = async (pathPrefix: string): Promise<readonly string[]> =>
    (await listAttachedPolicies(deps, { owner, pathPrefix })).map(({ name }) => name)
  assert.deepEqual(await listed('/'), ['AmazonEC2ContainerRegistryReadOnly', 'pull'])
  assert.deepEqual(await listed('/team/'), ['pull'])
  assert.deepEqual(await listed('/other/'), [])
})

test('tells who uses a policy: each once, filtered, page after page', async (t) => {
  const deps = await testPolicyOwners(t)
  const { account } = deps
  const arn = await create(deps, 'pull')
  const owners = [
    ['user', 'dev'],
    ['user', 'ops'],
    ['role', 'ci'],
    ['group', 'devs'],
  ] as const
  for (const [kind, name] of owners) {
    await attachPolicy(deps, { owner: { account, kind, name }, policyArn: arn })
  }
  await deps.database.transaction((tx) =>
    tx.run(`UPDATE users SET boundary_arn = $1 WHERE id = 'AIDA2'`, [arn]),
  )
  const base = {
    policyArn: arn,
    usage: undefined,
    kind: undefined,
    pathPrefix: '/',
    after: undefined,
    limit: 10,
  }
  const named = async (asked: Partial<typeof base> | object): Promise<readonly string[]> =>
    (await listEntitiesForPolicy(deps, account, { ...base, ...asked })).map(
      ({ kind, name }) => `${kind}/${name}`,
    )
  assert.deepEqual(await named({}), ['group/devs', 'role/ci', 'user/Dev', 'user/ops'])
  assert.deepEqual(await named({ kind: 'user' }), ['user/Dev', 'user/ops'])
  assert.deepEqual(await named({ pathPrefix: '/team/' }), ['group/devs', 'user/Dev'])
  assert.deepEqual(await named({ usage: 'PermissionsBoundary' }), ['user/ops'])
  assert.deepEqual(await named({ usage: 'PermissionsPolicy', kind: 'role' }), ['role/ci'])
  assert.deepEqual(await named({ limit: 2 }), ['group/devs', 'role/ci'])
  const after = { kind: 'role', name: 'CI' }
  assert.deepEqual(await named({ limit: 2, after }), ['user/Dev', 'user/ops'])
  const ghost = { ...base, policyArn: 'arn:aws:iam::123456789012:policy/ghost' }
  await assert.rejects(listEntitiesForPolicy(deps, account, ghost), { code: 'ENTITY_UNKNOWN' })
})

test('of AWS’s policies an account learns only who of its own uses them', async (t) => {
  const deps = await testPolicyOwners(t)
  const { account, other } = deps
  const attach = (where: typeof account): Promise<void> =>
    attachPolicy(deps, {
      owner: { account: where, kind: 'user', name: 'dev' },
      policyArn: readOnly,
    })
  await attach(account)
  await attach(other)
  const asked = {
    policyArn: readOnly,
    usage: undefined,
    kind: undefined,
    pathPrefix: '/',
    after: undefined,
    limit: 10,
  }
  const users = await listEntitiesForPolicy(deps, account, asked)
  assert.deepEqual(
    users.map(({ id }) => id),
    ['AIDA1'],
  )
})
