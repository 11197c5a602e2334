import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testIam } from '../../../../test/kit/iam-service.ts'

test('refuses an alias outside the grammar, and the deletion of one that the account has not', async (t) => {
  const iam = await testIam(t)
  for (const AccountAlias of ['ab', 'Home', '-home', 'home-', 'ho--me', 'x'.repeat(64)]) {
    const { error } = await iam.call('CreateAccountAlias', { AccountAlias })
    assert.match(error ?? '', /^ValidationError: .* at 'accountAlias' failed to satisfy/)
  }
  assert.equal(
    (await iam.call('DeleteAccountAlias', { AccountAlias: 'home' })).error,
    'NoSuchEntity: The account alias home cannot be found.',
  )
})

test('an account has one alias, which can be changed and taken away', async (t) => {
  const iam = await testIam(t)
  const aliases = async () => (await iam.call('ListAccountAliases')).texts('member')
  assert.deepEqual(await aliases(), [])
  await iam.call('CreateAccountAlias', { AccountAlias: 'home' })
  await iam.call('CreateAccountAlias', { AccountAlias: 'house-2' })
  assert.deepEqual(await aliases(), ['house-2'])
  await iam.call('DeleteAccountAlias', { AccountAlias: 'house-2' })
  assert.deepEqual(await aliases(), [])
})

test('the summary counts what there is and says how much there may be', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateUser', { UserName: 'dev' })
  await iam.call('CreateGroup', { GroupName: 'devs' })
  const { body } = await iam.call('GetAccountSummary')
  for (const [key, value] of Object.entries({
    Users: 1,
    UsersQuota: 5000,
    Groups: 1,
    Roles: 0,
    AccessKeysPerUserQuota: 2,
    AccountAccessKeysPresent: 0,
    PolicySizeQuota: 6144,
    VersionsPerPolicyQuota: 5,
  })) {
    assert.ok(body.includes(`<entry><key>${key}</key><value>${value}</value></entry>`), key)
  }
})
