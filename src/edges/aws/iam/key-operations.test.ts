import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findActiveAccessKey } from '../../../access/find-access-key.ts'
import { recordingUse } from '../../../access/record-use.ts'
import { testIam, type TestIam } from '../../../../test/kit/iam-service.ts'
import { accountOf, testCaller } from '../../../../test/kit/principals.ts'

async function withUser(iam: TestIam, name = 'dev'): Promise<void> {
  await iam.call('CreateUser', { UserName: name })
}

async function makeKey(iam: TestIam, name = 'dev'): Promise<string> {
  return (await iam.call('CreateAccessKey', { UserName: name })).text('AccessKeyId') ?? ''
}

test('refuses a third key, another’s key and a status that is none', async (t) => {
  const iam = await testIam(t)
  await withUser(iam)
  await withUser(iam, 'other')
  const id = await makeKey(iam)
  await makeKey(iam)
  const third = await iam.call('CreateAccessKey', { UserName: 'dev' })
  assert.deepEqual(
    [third.status, third.error],
    [409, 'LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2'],
  )
  const unknown = `NoSuchEntity: The Access Key with id ${id} cannot be found.`
  const other = { UserName: 'other', AccessKeyId: id }
  assert.equal((await iam.call('DeleteAccessKey', other)).error, unknown)
  assert.equal((await iam.call('UpdateAccessKey', { ...other, Status: 'Inactive' })).error, unknown)
  const stranger = { ...testCaller('other'), accountId: accountOf('210987654321') }
  assert.equal(
    (await iam.call('GetAccessKeyLastUsed', { AccessKeyId: id }, stranger)).error,
    unknown,
  )
  const key = { UserName: 'dev', AccessKeyId: id }
  assert.equal(
    (await iam.call('UpdateAccessKey', { ...key, Status: 'Off' })).error,
    "ValidationError: 1 validation error detected: Value 'Off' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive, Expired]",
  )
  assert.equal((await iam.call('UpdateAccessKey', { ...key, Status: 'Expired' })).status, 400)
})

test('root makes itself no key', async (t) => {
  const iam = await testIam(t)
  const root = testCaller('root')
  const caller = { ...root, requester: { kind: 'root', account: root.accountId } } as const
  assert.equal((await iam.call('CreateAccessKey', {}, caller)).status, 400)
})

test('a user with keys, groups or policies is not deleted, and is told what is in the way', async (t) => {
  const iam = await testIam(t)
  await withUser(iam)
  const refused = async (): Promise<string | undefined> =>
    (await iam.call('DeleteUser', { UserName: 'dev' })).error
  const AccessKeyId = await makeKey(iam)
  assert.equal(
    await refused(),
    'DeleteConflict: Cannot delete entity, must delete access keys first.',
  )
  await iam.call('DeleteAccessKey', { UserName: 'dev', AccessKeyId })
  await iam.call('CreateGroup', { GroupName: 'devs' })
  await iam.call('AddUserToGroup', { GroupName: 'devs', UserName: 'dev' })
  const inGroup = 'DeleteConflict: Cannot delete entity, must remove users from group first.'
  assert.equal(await refused(), inGroup)
  assert.equal((await iam.call('DeleteGroup', { GroupName: 'devs' })).error, inGroup)
  await iam.call('RemoveUserFromGroup', { GroupName: 'devs', UserName: 'dev' })
  const id = (await iam.call('GetUser', { UserName: 'dev' })).text('UserId') ?? ''
  await iam.database.transaction(async (tx) => {
    await tx.run(`INSERT INTO inline_policies VALUES ($1, 'p', 'p', '{}')`, [id])
    await tx.run(`INSERT INTO attached_policies VALUES ($1, 'arn', 1)`, [id])
  })
  assert.equal(
    await refused(),
    'DeleteConflict: Cannot delete entity, must detach all policies first.',
  )
  await iam.database.transaction((tx) => tx.run('DELETE FROM attached_policies'))
  assert.equal(await refused(), 'DeleteConflict: Cannot delete entity, must delete policies first.')
  await iam.database.transaction((tx) => tx.run('DELETE FROM inline_policies'))
  assert.equal(await refused(), undefined)
})

test('rotation: a second key beside the first, the first switched off, then gone', async (t) => {
  const iam = await testIam(t)
  await withUser(iam)
  const opens = async (id: string) =>
    findActiveAccessKey({ reader: iam.database, accessKeyKey: iam.deps.accessKeyKey }, id)
  const made = await iam.call('CreateAccessKey', { UserName: 'dev' })
  const first = made.text('AccessKeyId') ?? ''
  assert.match(first, /^AKIA[A-Z2-7]{16}$/)
  assert.equal(
    made.body,
    `<CreateAccessKeyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateAccessKeyResult><AccessKey><UserName>dev</UserName><AccessKeyId>${first}</AccessKeyId><Status>Active</Status><SecretAccessKey>${made.text('SecretAccessKey')}</SecretAccessKey><CreateDate>2026-11-24T12:00:00Z</CreateDate></AccessKey></CreateAccessKeyResult><ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></CreateAccessKeyResponse>`,
  )
  assert.equal((await opens(first))?.secret.reveal(), made.text('SecretAccessKey'))
  iam.clock.advance(1000)
  const second = await makeKey(iam)
  const off = { UserName: 'dev', AccessKeyId: first, Status: 'Inactive' }
  assert.equal((await iam.call('UpdateAccessKey', off)).status, 200)
  assert.equal(await opens(first), undefined)
  assert.ok((await opens(second)) !== undefined)
  const listed = await iam.call('ListAccessKeys', { UserName: 'dev' })
  assert.deepEqual(listed.texts('AccessKeyId'), [first, second])
  assert.deepEqual(listed.texts('Status'), ['Inactive', 'Active'])
  assert.doesNotMatch(listed.body, /Secret/)
  await iam.call('UpdateAccessKey', { ...off, Status: 'Active' })
  assert.ok((await opens(first)) !== undefined)
  await iam.call('DeleteAccessKey', { UserName: 'dev', AccessKeyId: first })
  assert.equal(await opens(first), undefined)
  assert.deepEqual((await iam.call('ListAccessKeys', { UserName: 'dev' })).texts('AccessKeyId'), [
    second,
  ])
})

test('lists keys by pages', async (t) => {
  const iam = await testIam(t)
  await withUser(iam)
  const ids = new Set([await makeKey(iam), await makeKey(iam)])
  const page = await iam.call('ListAccessKeys', { UserName: 'dev', MaxItems: '1' })
  const Marker = page.text('Marker') ?? ''
  const rest = await iam.call('ListAccessKeys', { UserName: 'dev', Marker })
  assert.equal(rest.text('IsTruncated'), 'false')
  assert.deepEqual(new Set([...page.texts('AccessKeyId'), ...rest.texts('AccessKeyId')]), ids)
})

test('tells when and for what a key was last used, to a quarter of an hour', async (t) => {
  const iam = await testIam(t)
  await withUser(iam)
  const id = await makeKey(iam)
  const lastUsed = async (): Promise<readonly (string | undefined)[]> => {
    const answer = await iam.call('GetAccessKeyLastUsed', { AccessKeyId: id })
    return ['UserName', 'LastUsedDate', 'ServiceName', 'Region'].map((name) => answer.text(name))
  }
  assert.deepEqual(await lastUsed(), ['dev', undefined, 'N/A', 'N/A'])
  const user = { ...testCaller(), accessKeyId: id }
  const record = recordingUse(iam)
  await record(user, { service: 'ecr', region: 'eu-west-1' })
  assert.deepEqual(await lastUsed(), ['dev', '2026-11-24T12:00:00Z', 'ecr', 'eu-west-1'])
  iam.clock.advance(14 * 60_000)
  await record(user, { service: 'iam', region: 'us-east-1' })
  // Another process has not written yet either, and sees what this one wrote.
  await recordingUse(iam)(user, { service: 'iam', region: 'us-east-1' })
  assert.deepEqual(await lastUsed(), ['dev', '2026-11-24T12:00:00Z', 'ecr', 'eu-west-1'])
  iam.clock.advance(60_000)
  await record(user, { service: 'iam', region: 'us-east-1' })
  assert.deepEqual(await lastUsed(), ['dev', '2026-11-24T12:15:00Z', 'iam', 'us-east-1'])
})
