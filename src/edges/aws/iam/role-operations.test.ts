import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordingUse } from '../../../access/record-use.ts'
import { testAccount, testIam, type TestIam } from '../../../../test/kit/iam-service.ts'

const trustOf = (principal: string): string =>
  `{ "Version": "2012-10-17",\n  "Statement": [{"Effect":"Allow","Principal":{"AWS":"${principal}"},"Action":"sts:AssumeRole",\n    "Condition":{"ArnLike":{"aws:PrincipalArn":"${principal}"}}}] }`
const trust = trustOf('arn:aws:iam::123456789012:root')

async function documentOf(iam: TestIam, RoleName: string): Promise<string> {
  const answer = await iam.call('GetRole', { RoleName })
  return decodeURIComponent(answer.text('AssumeRolePolicyDocument') ?? '')
}

test('refuses what is no trust policy, and whom nobody knows, in IAM’s words', async (t) => {
  const iam = await testIam(t)
  const cases: readonly (readonly [string, string])[] = [
    ['{', 'MalformedPolicyDocument: Syntax errors in policy.'],
    [
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}',
      'MalformedPolicyDocument: Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity',
    ],
    [
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole","Resource":"*"}]}',
      'MalformedPolicyDocument: Has prohibited field Resource.',
    ],
    [
      trustOf('arn:aws:iam::123456789012:role/nobody'),
      'MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/nobody"',
    ],
    [
      trustOf(`arn:aws:iam::999999999999:role/${'x'.repeat(2048)}`),
      'LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048',
    ],
  ]
  for (const [AssumeRolePolicyDocument, error] of cases) {
    const made = await iam.call('CreateRole', { RoleName: 'ci', AssumeRolePolicyDocument })
    assert.equal(made.error, error)
  }
  const unreadable = await iam.call('CreateRole', {
    RoleName: 'ci',
    AssumeRolePolicyDocument: '{\n "Version": 1 }',
  })
  assert.match(unreadable.headers['pratique-policy-error'] ?? '', /^2:\d+ [A-Z_]+ ./)
  assert.deepEqual((await iam.call('ListRoles')).texts('RoleName'), [])
})

test('refuses a name that is taken, one that nobody has, and sessions beyond twelve hours', async (t) => {
  const iam = await testIam(t)
  const input = { RoleName: 'CI', AssumeRolePolicyDocument: trust }
  await iam.call('CreateRole', input)
  assert.equal(
    (await iam.call('CreateRole', { ...input, RoleName: 'ci' })).error,
    'EntityAlreadyExists: Role with name ci already exists.',
  )
  assert.equal(
    (await iam.call('CreateRole', { ...input, RoleName: 'x', MaxSessionDuration: '43201' })).error,
    "ValidationError: 1 validation error detected: Value '43201' at 'maxSessionDuration' failed to satisfy constraint: Member must have value less than or equal to 43200",
  )
  const calls: Readonly<Record<string, Record<string, string>>> = {
    GetRole: {},
    UpdateRole: {},
    UpdateRoleDescription: { Description: '' },
    UpdateAssumeRolePolicy: { PolicyDocument: trust },
    DeleteRole: {},
    TagRole: { 'Tags.member.1.Key': 'k', 'Tags.member.1.Value': 'v' },
    UntagRole: { 'TagKeys.member.1': 'k' },
    ListRoleTags: {},
    PutRolePermissionsBoundary: {
      PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess',
    },
    DeleteRolePermissionsBoundary: {},
    ListInstanceProfilesForRole: {},
  }
  for (const [action, more] of Object.entries(calls)) {
    const missing = await iam.call(action, { RoleName: 'nobody', ...more })
    assert.deepEqual(
      [missing.status, missing.error],
      [404, 'NoSuchEntity: The role with name nobody cannot be found.'],
      action,
    )
  }
})

test('makes a role, and shows it as AWS does', async (t) => {
  const iam = await testIam(t)
  const made = await iam.call('CreateRole', {
    RoleName: 'ci',
    Path: '/deploy/',
    AssumeRolePolicyDocument: trust,
    Description: "builds & 'pushes'",
    MaxSessionDuration: '7200',
    PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess',
    'Tags.member.1.Key': 'team',
    'Tags.member.1.Value': 'blue',
  })
  const id = made.text('RoleId') ?? ''
  assert.match(id, /^AROA[A-Z2-7]{17}$/)
  const encoded = made.text('AssumeRolePolicyDocument') ?? ''
  assert.doesNotMatch(encoded, /[^A-Za-z0-9\-._~%]/)
  assert.equal(decodeURIComponent(encoded), trust)
  const listed = `<Path>/deploy/</Path><RoleName>ci</RoleName><RoleId>${id}</RoleId><Arn>arn:aws:iam::123456789012:role/deploy/ci</Arn><CreateDate>2026-11-24T12:00:00Z</CreateDate><AssumeRolePolicyDocument>${encoded}</AssumeRolePolicyDocument><Description>builds &amp; 'pushes'</Description><MaxSessionDuration>7200</MaxSessionDuration>`
  const whole = `${listed}<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>arn:aws:iam::aws:policy/AdministratorAccess</PermissionsBoundaryArn></PermissionsBoundary><Tags><member><Key>team</Key><Value>blue</Value></member></Tags>`
  assert.ok(made.body.includes(`<CreateRoleResult><Role>${whole}</Role></CreateRoleResult>`))
  const got = await iam.call('GetRole', { RoleName: 'CI' })
  assert.ok(
    got.body.includes(`<GetRoleResult><Role>${whole}<RoleLastUsed/></Role></GetRoleResult>`),
  )
  const all = await iam.call('ListRoles', { PathPrefix: '/deploy/' })
  assert.ok(all.body.includes(`<Roles><member>${listed}</member></Roles>`))
  const profiles = await iam.call('ListInstanceProfilesForRole', { RoleName: 'ci' })
  assert.match(profiles.body, /<InstanceProfiles\/><IsTruncated>false</)
})

test('tells when and where a session of a role was last used, to a quarter of an hour', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateRole', { RoleName: 'other', AssumeRolePolicyDocument: trust })
  const made = await iam.call('CreateRole', { RoleName: 'ci', AssumeRolePolicyDocument: trust })
  const sessionOf = (name: string, accessKeyId: string) => ({
    accessKeyId,
    requester: {
      kind: 'assumed-role' as const,
      account: testAccount,
      roleId: made.text('RoleId') ?? '',
      roleArn: `arn:aws:iam::${testAccount}:role/ci`,
      sessionArn: `arn:aws:sts::${testAccount}:assumed-role/ci/${name}`,
    },
  })
  const lastUsed = async (RoleName = 'ci') => {
    const got = await iam.call('GetRole', { RoleName })
    return [got.text('LastUsedDate'), got.text('Region')]
  }
  const record = recordingUse(iam)
  const eu = { service: 'ecr', region: 'eu-west-1' }
  const us = { service: 'sts', region: 'us-east-1' }
  assert.deepEqual(await lastUsed(), [undefined, undefined])
  await record(sessionOf('one', 'ASIAONE'), eu)
  assert.deepEqual(await lastUsed(), ['2026-11-24T12:00:00Z', 'eu-west-1'])
  iam.clock.advance(14 * 60_000)
  await record(sessionOf('two', 'ASIATWO'), us)
  // Another process has not written yet either, and sees what this one wrote.
  await recordingUse(iam)(sessionOf('two', 'ASIATWO'), us)
  assert.deepEqual(await lastUsed(), ['2026-11-24T12:00:00Z', 'eu-west-1'])
  iam.clock.advance(60_000)
  await record(sessionOf('two', 'ASIATWO'), us)
  assert.deepEqual(await lastUsed(), ['2026-11-24T12:15:00Z', 'us-east-1'])
  assert.deepEqual(await lastUsed('other'), [undefined, undefined])
})

test('settings, trust, tags and boundary change one by one', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateRole', { RoleName: 'ci', AssumeRolePolicyDocument: trust })
  const got = async (name: string) => (await iam.call('GetRole', { RoleName: 'ci' })).text(name)
  assert.equal(await got('MaxSessionDuration'), '3600')
  const updated = await iam.call('UpdateRole', { RoleName: 'ci', MaxSessionDuration: '3601' })
  assert.match(updated.body, /<UpdateRoleResult\/>/)
  await iam.call('UpdateRoleDescription', { RoleName: 'ci', Description: 'x' })
  assert.deepEqual([await got('Description'), await got('MaxSessionDuration')], ['x', '3601'])
  const foreign = trustOf('arn:aws:iam::999999999999:role/other')
  await iam.call('UpdateAssumeRolePolicy', { RoleName: 'ci', PolicyDocument: foreign })
  assert.equal(await documentOf(iam, 'ci'), foreign)
  await iam.call('TagRole', {
    RoleName: 'ci',
    'Tags.member.1.Key': 'a',
    'Tags.member.1.Value': 'b',
  })
  assert.equal((await iam.call('ListRoleTags', { RoleName: 'ci' })).text('Value'), 'b')
  await iam.call('UntagRole', { RoleName: 'ci', 'TagKeys.member.1': 'A' })
  assert.deepEqual((await iam.call('ListRoleTags', { RoleName: 'ci' })).texts('Key'), [])
  const PermissionsBoundary = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await iam.call('PutRolePermissionsBoundary', { RoleName: 'ci', PermissionsBoundary })
  assert.equal(await got('PermissionsBoundaryArn'), PermissionsBoundary)
  await iam.call('DeleteRolePermissionsBoundary', { RoleName: 'ci' })
  assert.equal(await got('PermissionsBoundaryArn'), undefined)
})

test('a trust policy is about whom it was put for: renamed under the new name, gone a bare id', async (t) => {
  const iam = await testIam(t)
  const made = await iam.call('CreateUser', { UserName: 'dev' })
  const dev = 'arn:aws:iam::123456789012:user/dev'
  await iam.call('CreateRole', { RoleName: 'ci', AssumeRolePolicyDocument: trustOf(dev) })
  await iam.call('UpdateUser', { UserName: 'dev', NewUserName: 'maker' })
  const renamed = trustOf(dev).replace(dev, 'arn:aws:iam::123456789012:user/maker')
  assert.equal(await documentOf(iam, 'ci'), renamed)
  await iam.call('DeleteUser', { UserName: 'maker' })
  await iam.call('CreateUser', { UserName: 'dev' })
  assert.equal(await documentOf(iam, 'ci'), trustOf(dev).replace(dev, made.text('UserId') ?? ''))
})

test('a role with policies is not deleted', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateRole', { RoleName: 'ci', AssumeRolePolicyDocument: trust })
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await iam.call('AttachRolePolicy', { RoleName: 'ci', PolicyArn })
  assert.equal(
    (await iam.call('DeleteRole', { RoleName: 'ci' })).error,
    'DeleteConflict: Cannot delete entity, must detach all policies first.',
  )
  await iam.call('DetachRolePolicy', { RoleName: 'ci', PolicyArn })
  assert.equal((await iam.call('DeleteRole', { RoleName: 'ci' })).status, 200)
  assert.equal((await iam.call('GetRole', { RoleName: 'ci' })).status, 404)
})
