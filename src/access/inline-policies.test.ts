import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyOfSize, pullPolicy, testPolicyOwners } from '../../test/kit/policy-owners.ts'
import { isAccessError } from './errors.ts'
import { deletePolicyOf, getPolicyOf, listPolicyNamesOf, putPolicyOf } from './inline-policies.ts'

test('refuses a policy of somebody who does not exist, in this account', async (t) => {
  const deps = await testPolicyOwners(t)
  const policy = { name: 'pull', document: pullPolicy }
  for (const kind of ['user', 'role', 'group'] as const) {
    const owner = { account: deps.account, kind, name: 'ghost' }
    const expected = {
      code: 'ENTITY_UNKNOWN',
      message: `The ${kind} with name ghost cannot be found.`,
    }
    await assert.rejects(putPolicyOf(deps, { owner, policy }), expected)
    await assert.rejects(getPolicyOf(deps, { owner, name: 'pull' }), expected)
    await assert.rejects(deletePolicyOf(deps, { owner, name: 'pull' }), expected)
    await assert.rejects(listPolicyNamesOf(deps, owner), expected)
  }
  const foreign = { account: deps.other, kind: 'role', name: 'ci' } as const
  await assert.rejects(putPolicyOf(deps, { owner: foreign, policy }), { code: 'ENTITY_UNKNOWN' })
})

test('refuses a document that is none, says where and why, and keeps what was there', async (t) => {
  const deps = await testPolicyOwners(t)
  const owner = { account: deps.account, kind: 'user', name: 'Dev' } as const
  await putPolicyOf(deps, { owner, policy: { name: 'pull', document: pullPolicy } })
  const before = await deps.epoch()
  const document =
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Acton":"*","Resource":"*"}]}'
  const put = putPolicyOf(deps, { owner, policy: { name: 'pull', document } })
  await assert.rejects(put, (error: unknown) => {
    assert.ok(isAccessError(error))
    assert.equal(error.code, 'POLICY_MALFORMED')
    assert.equal(error.message, 'Syntax errors in policy.')
    assert.match(String(error.detail['policyError']), /^1:56 [A-Z_]+ "Acton" is no element[ -~]+$/)
    return true
  })
  assert.equal((await getPolicyOf(deps, { owner, name: 'pull' })).policy.document, pullPolicy)
  assert.equal(await deps.epoch(), before)
})

test('the inline policies of one owner share its limit, white space not counted', async (t) => {
  const deps = await testPolicyOwners(t)
  const limits = [
    ['user', 'dev', 'Dev', 2048],
    ['group', 'devs', 'devs', 5120],
    ['role', 'ci', 'ci', 10_240],
  ] as const
  for (const [kind, name, shown, limit] of limits) {
    const owner = { account: deps.account, kind, name }
    const put = (policyName: string, document: string): Promise<void> =>
      putPolicyOf(deps, { owner, policy: { name: policyName, document } })
    await put('first', policyOfSize(limit - 200))
    await put('second', policyOfSize(200).replaceAll(',', ',\n \t'))
    const refusal = {
      code: 'ENTITY_LIMIT',
      message: `Maximum policy size of ${limit} bytes exceeded for ${kind} ${shown}`,
    }
    await assert.rejects(put('third', policyOfSize(100)), refusal)
    await assert.rejects(put('second', policyOfSize(201)), refusal)
    await put('SECOND', policyOfSize(150))
    assert.deepEqual(await listPolicyNamesOf(deps, owner), ['first', 'SECOND'])
  }
})

test('keeps the text as it was given, under a name without regard to case, until it is deleted', async (t) => {
  const deps = await testPolicyOwners(t)
  const owner = { account: deps.account, kind: 'role', name: 'CI' } as const
  const before = await deps.epoch()
  await putPolicyOf(deps, { owner, policy: { name: 'Pull', document: pullPolicy } })
  assert.equal(await deps.epoch(), before + 1)
  const got = await getPolicyOf(deps, { owner, name: 'pull' })
  assert.deepEqual(got.policy, { name: 'Pull', document: pullPolicy })
  assert.equal(got.owner.name, 'ci')
  await deletePolicyOf(deps, { owner, name: 'PULL' })
  assert.equal(await deps.epoch(), before + 2)
  const gone = {
    code: 'ENTITY_UNKNOWN',
    message: 'The role policy with name Pull cannot be found.',
  }
  await assert.rejects(getPolicyOf(deps, { owner, name: 'Pull' }), gone)
  await assert.rejects(deletePolicyOf(deps, { owner, name: 'Pull' }), gone)
  assert.deepEqual(await listPolicyNamesOf(deps, owner), [])
})
