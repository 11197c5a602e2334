import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testIam } from '../../../../test/kit/iam-service.ts'
import { accountOf, testCaller } from '../../../../test/kit/principals.ts'

const tag = (index: number, key: string, value: string) => ({
  [`Tags.member.${index}.Key`]: key,
  [`Tags.member.${index}.Value`]: value,
})

test('refuses names, paths and tags outside IAM’s grammar, in IAM’s words', async (t) => {
  const iam = await testIam(t)
  const cases: readonly (readonly [Record<string, string>, string])[] = [
    [
      {},
      "ValidationError: 1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
    ],
    [
      { UserName: 'a b' },
      'ValidationError: The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    ],
    [
      { UserName: 'x'.repeat(65) },
      `ValidationError: 1 validation error detected: Value '${'x'.repeat(65)}' at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [
      { UserName: 'a', Path: 'team' },
      'ValidationError: The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    ],
    [
      { UserName: 'a', 'Tags.member.1.Key': 'k' },
      "ValidationError: 1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
    ],
    [
      { UserName: 'a', ...tag(1, 'k!', 'v') },
      String.raw`ValidationError: 1 validation error detected: Value 'k!' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`,
    ],
    [
      { UserName: 'a', ...tag(1, 'Team', 'x'), ...tag(2, 'team', 'y') },
      'InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    ],
    [
      { UserName: 'a', ...tag(1, 'aws:x', 'y') },
      'InvalidInput: Tag keys starting with aws: are reserved for system use.',
    ],
    [
      { UserName: 'a', PermissionsBoundary: 'arn:aws:iam::123456789012:user/someone' },
      'InvalidInput: ARN arn:aws:iam::123456789012:user/someone is not valid.',
    ],
    [
      { UserName: 'a', PermissionsBoundary: 'arn:aws:iam::123456789012:policy/edge' },
      'NoSuchEntity: Scope ARN: arn:aws:iam::123456789012:policy/edge does not exist or is not attachable.',
    ],
  ]
  for (const [input, error] of cases)
    assert.equal((await iam.call('CreateUser', input)).error, error)
  assert.deepEqual((await iam.call('ListUsers')).texts('UserName'), [])
})

test('refuses a name that is taken, whatever its letters’ case, and one that nobody has', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateUser', { UserName: 'Dev' })
  const again = await iam.call('CreateUser', { UserName: 'dev' })
  assert.deepEqual(
    [again.status, again.error],
    [409, 'EntityAlreadyExists: User with name dev already exists.'],
  )
  for (const [action, more] of Object.entries({
    GetUser: {},
    UpdateUser: { NewUserName: 'x' },
    DeleteUser: {},
    TagUser: tag(1, 'k', 'v'),
    UntagUser: { 'TagKeys.member.1': 'k' },
    ListUserTags: {},
    ListGroupsForUser: {},
    ListAccessKeys: {},
    CreateAccessKey: {},
    DeleteUserPermissionsBoundary: {},
    PutUserPermissionsBoundary: {
      PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess',
    },
  })) {
    const missing = await iam.call(action, { UserName: 'nobody', ...more })
    assert.deepEqual(
      [missing.status, missing.error],
      [404, 'NoSuchEntity: The user with name nobody cannot be found.'],
      action,
    )
  }
})

test('makes a user, and shows it as AWS does', async (t) => {
  const iam = await testIam(t)
  const made = await iam.call('CreateUser', {
    UserName: 'dev',
    Path: '/team/blue/',
    PermissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess',
    ...tag(1, 'team', 'blue'),
  })
  const id = made.text('UserId') ?? ''
  assert.match(id, /^AIDA[A-Z2-7]{17}$/)
  const user = `<User><Path>/team/blue/</Path><UserName>dev</UserName><UserId>${id}</UserId><Arn>arn:aws:iam::123456789012:user/team/blue/dev</Arn><CreateDate>2026-11-24T12:00:00Z</CreateDate><PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>arn:aws:iam::aws:policy/AdministratorAccess</PermissionsBoundaryArn></PermissionsBoundary><Tags><member><Key>team</Key><Value>blue</Value></member></Tags></User>`
  const envelope = (name: string, result: string): string =>
    `<${name}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">${result}<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></${name}Response>`
  assert.equal(made.body, envelope('CreateUser', `<CreateUserResult>${user}</CreateUserResult>`))
  const got = await iam.call('GetUser', { UserName: 'DEV' })
  assert.equal(got.body, envelope('GetUser', `<GetUserResult>${user}</GetUserResult>`))
  const listed = await iam.call('ListUsers')
  assert.equal(
    listed.body,
    envelope(
      'ListUsers',
      `<ListUsersResult><Users><member><Path>/team/blue/</Path><UserName>dev</UserName><UserId>${id}</UserId><Arn>arn:aws:iam::123456789012:user/team/blue/dev</Arn><CreateDate>2026-11-24T12:00:00Z</CreateDate></member></Users><IsTruncated>false</IsTruncated></ListUsersResult>`,
    ),
  )
  const deleted = await iam.call('DeleteUser', { UserName: 'dev' })
  assert.equal(deleted.body, envelope('DeleteUser', ''))
  assert.equal((await iam.call('GetUser', { UserName: 'dev' })).status, 404)
})

test('asks the policies about the user’s ARN with its path, its tags and its boundary', async (t) => {
  const iam = await testIam(t)
  const boundary = 'arn:aws:iam::aws:policy/AdministratorAccess'
  const made = {
    'iam:PermissionsBoundary': boundary,
    'aws:RequestTag/team': 'blue',
    'aws:TagKeys': ['team'],
  }
  const resources = ['arn:aws:iam::123456789012:user/team/dev']
  await iam.call('CreateUser', {
    UserName: 'dev',
    Path: '/team/',
    PermissionsBoundary: boundary,
    ...tag(1, 'team', 'blue'),
  })
  await iam.call('TagUser', { UserName: 'dev', ...tag(1, 'cost', '7') })
  await iam.call('GetUser', { UserName: 'nobody' })
  await iam.call('ListUsers', { PathPrefix: '/team/' })
  assert.deepEqual(iam.asked, [
    { action: 'iam:CreateUser', resources, keys: made },
    { action: 'iam:TagUser', resources, keys: made },
    {
      action: 'iam:TagUser',
      resources,
      keys: {
        'aws:ResourceTag/team': 'blue',
        'iam:ResourceTag/team': 'blue',
        'iam:PermissionsBoundary': boundary,
        'aws:RequestTag/cost': '7',
        'aws:TagKeys': ['cost'],
      },
    },
    { action: 'iam:GetUser', resources: ['arn:aws:iam::123456789012:user/nobody'], keys: {} },
    { action: 'iam:ListUsers', resources: ['arn:aws:iam::123456789012:user/team/'], keys: {} },
  ])
})

test('who is denied learns nothing of who exists', async (t) => {
  const iam = await testIam(t, (action) => action === 'iam:CreateUser')
  await iam.call('CreateUser', { UserName: 'dev' })
  const [there, missing] = [
    await iam.call('DeleteUser', { UserName: 'dev' }),
    await iam.call('DeleteUser', { UserName: 'nobody' }),
  ]
  assert.equal(there.status, 403)
  assert.equal(there.body, missing.body)
})

test('another account’s users are not there', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateUser', { UserName: 'dev' })
  const accountId = accountOf('210987654321')
  const stranger = { ...testCaller('other'), accountId }
  assert.equal((await iam.call('GetUser', { UserName: 'dev' }, stranger)).status, 404)
  assert.deepEqual((await iam.call('ListUsers', {}, stranger)).texts('UserName'), [])
})

test('without a name the caller is meant, who must be a user', async (t) => {
  const iam = await testIam(t)
  const error = 'ValidationError: Must specify userName when calling with non-User credentials'
  assert.equal((await iam.call('GetUser')).error, error)
  assert.equal((await iam.call('CreateAccessKey')).error, error)
  const id = (await iam.call('CreateUser', { UserName: 'self' })).text('UserId') ?? ''
  const caller = { ...testCaller('self'), principalId: id }
  assert.equal((await iam.call('GetUser', {}, caller)).text('UserName'), 'self')
})

test('a new name or path changes the ARN; the id and what hangs on it stay', async (t) => {
  const iam = await testIam(t)
  const made = await iam.call('CreateUser', { UserName: 'dev', ...tag(1, 'team', 'blue') })
  await iam.call('CreateUser', { UserName: 'taken' })
  assert.equal(
    (await iam.call('UpdateUser', { UserName: 'dev', NewUserName: 'Taken' })).error,
    'EntityAlreadyExists: User with name Taken already exists.',
  )
  await iam.call('UpdateUser', { UserName: 'dev', NewUserName: 'Dev', NewPath: '/x/' })
  const renamed = await iam.call('GetUser', { UserName: 'dev' })
  assert.equal(renamed.text('Arn'), 'arn:aws:iam::123456789012:user/x/Dev')
  assert.equal(renamed.text('UserId'), made.text('UserId'))
  assert.equal(renamed.text('Value'), 'blue')
})

test('a tag in other letters takes the place of the one that is there; fifty are the most', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateUser', { UserName: 'dev', ...tag(1, 'Team', 'blue') })
  await iam.call('TagUser', { UserName: 'dev', ...tag(1, 'team', 'red') })
  const listed = await iam.call('ListUserTags', { UserName: 'dev' })
  assert.deepEqual([listed.texts('Key'), listed.texts('Value')], [['team'], ['red']])
  const many = Object.fromEntries(
    Array.from({ length: 50 }, (_, n) => Object.entries(tag(n + 1, `k${n}`, ''))).flat(),
  )
  assert.equal(
    (await iam.call('TagUser', { UserName: 'dev', ...many })).error,
    'LimitExceeded: The number of tags has reached the maximum limit.',
  )
  await iam.call('UntagUser', { UserName: 'dev', 'TagKeys.member.1': 'TEAM' })
  assert.equal((await iam.call('TagUser', { UserName: 'dev', ...many })).status, 200)
  const page = await iam.call('ListUserTags', { UserName: 'dev', MaxItems: '30' })
  assert.equal(page.texts('Key').length, 30)
  const rest = await iam.call('ListUserTags', {
    UserName: 'dev',
    Marker: page.text('Marker') ?? '',
  })
  assert.equal(new Set([...page.texts('Key'), ...rest.texts('Key')]).size, 50)
})

test('pages give each user once, in the order of their names, also while some come and go', async (t) => {
  const iam = await testIam(t)
  const names = ['b', 'A', 'd', 'C', 'e', 'F']
  for (const name of names) await iam.call('CreateUser', { UserName: name, Path: '/p/' })
  await iam.call('CreateUser', { UserName: 'elsewhere', Path: '/q/' })
  const seen: string[] = []
  let marker: string | undefined
  do {
    const page = await iam.call('ListUsers', {
      PathPrefix: '/p/',
      MaxItems: '2',
      ...(marker === undefined ? {} : { Marker: marker }),
    })
    seen.push(...page.texts('UserName'))
    marker = page.text('Marker')
    assert.equal(page.text('IsTruncated'), String(marker !== undefined))
    if (seen.length === 2) await iam.call('DeleteUser', { UserName: 'b' })
  } while (marker !== undefined)
  assert.deepEqual(seen, ['A', 'b', 'C', 'd', 'e', 'F'])
})

test('a marker of another list, of another account or made up is refused', async (t) => {
  const iam = await testIam(t)
  for (const name of ['a', 'b', 'c']) await iam.call('CreateUser', { UserName: name })
  const Marker = (await iam.call('ListUsers', { MaxItems: '1' })).text('Marker') ?? ''
  assert.equal((await iam.call('ListUsers', { MaxItems: '1', Marker })).text('UserName'), 'b')
  const accountId = accountOf('210987654321')
  const stranger = { ...testCaller('other'), accountId }
  for (const answer of [
    await iam.call('ListUsers', { Marker, PathPrefix: '/x/' }),
    await iam.call('ListGroups', { Marker }),
    await iam.call('ListUsers', { Marker }, stranger),
    await iam.call('ListUsers', { Marker: 'made-up' }),
  ]) {
    assert.equal(answer.error, 'ValidationError: Invalid Marker.')
  }
})

test('a boundary is put and taken away', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateUser', { UserName: 'dev' })
  const PermissionsBoundary = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await iam.call('PutUserPermissionsBoundary', { UserName: 'dev', PermissionsBoundary })
  const bound = await iam.call('GetUser', { UserName: 'dev' })
  assert.equal(bound.text('PermissionsBoundaryArn'), PermissionsBoundary)
  await iam.call('DeleteUserPermissionsBoundary', { UserName: 'dev' })
  const free = await iam.call('GetUser', { UserName: 'dev' })
  assert.equal(free.text('PermissionsBoundaryArn'), undefined)
})

test('each change grows the policy epoch, a refusal does not', async (t) => {
  const iam = await testIam(t)
  const epoch = async () => (await iam.database.first('SELECT epoch FROM policy_epoch'))?.['epoch']
  const calls: readonly (readonly [string, Record<string, string>])[] = [
    ['CreateUser', { UserName: 'dev' }],
    ['TagUser', { UserName: 'dev', ...tag(1, 'k', 'v') }],
    ['UntagUser', { UserName: 'dev', 'TagKeys.member.1': 'k' }],
    ['UpdateUser', { UserName: 'dev', NewPath: '/x/' }],
    ['CreateGroup', { GroupName: 'devs' }],
    ['AddUserToGroup', { GroupName: 'devs', UserName: 'dev' }],
    ['RemoveUserFromGroup', { GroupName: 'devs', UserName: 'dev' }],
    ['DeleteGroup', { GroupName: 'devs' }],
    ['DeleteUser', { UserName: 'dev' }],
  ]
  for (const [action, input] of calls) {
    const before = await epoch()
    assert.equal((await iam.call(action, input)).status, 200, action)
    assert.equal(await epoch(), Number(before) + 1, action)
  }
  const before = await epoch()
  await iam.call('DeleteUser', { UserName: 'dev' })
  assert.equal(await epoch(), before)
})

// IAM API Reference, UpdateUser: "the entity making the request must have permission on" both names.
test('a new name or path is asked about as well as the old one: it may be what a policy exempts', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateUser', { UserName: 'Dev', Path: '/team/' })
  await iam.call('UpdateUser', { UserName: 'dev', NewUserName: 'Deploy', NewPath: '/ci/' })
  await iam.call('UpdateUser', { UserName: 'deploy', NewPath: '/ci/' })
  await iam.call('UpdateUser', { UserName: 'nobody', NewUserName: 'deploy2' })
  const asked = iam.asked.filter(({ action }) => action === 'iam:UpdateUser')
  const of = (resource: string): string => `arn:aws:iam::123456789012:user/${resource}`
  assert.deepEqual(
    asked.map(({ resources }) => resources),
    [[of('team/Dev'), of('ci/Deploy')], [of('ci/Deploy')], [of('nobody'), of('deploy2')]],
  )
})
