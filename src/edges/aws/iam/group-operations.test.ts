import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testIam } from '../../../../test/kit/iam-service.ts'

test('refuses what is taken, what nobody has, and an eleventh group', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateGroup', { GroupName: 'Devs' })
  await iam.call('CreateUser', { UserName: 'dev' })
  const cases: readonly (readonly [string, Record<string, string>, string])[] = [
    [
      'CreateGroup',
      { GroupName: 'devs' },
      'EntityAlreadyExists: Group with name devs already exists.',
    ],
    ['GetGroup', { GroupName: 'x' }, 'NoSuchEntity: The group with name x cannot be found.'],
    ['DeleteGroup', { GroupName: 'x' }, 'NoSuchEntity: The group with name x cannot be found.'],
    [
      'UpdateGroup',
      { GroupName: 'x', NewPath: '/y/' },
      'NoSuchEntity: The group with name x cannot be found.',
    ],
    [
      'AddUserToGroup',
      { GroupName: 'x', UserName: 'dev' },
      'NoSuchEntity: The group with name x cannot be found.',
    ],
    [
      'AddUserToGroup',
      { GroupName: 'Devs', UserName: 'x' },
      'NoSuchEntity: The user with name x cannot be found.',
    ],
    [
      'RemoveUserFromGroup',
      { GroupName: 'Devs', UserName: 'dev' },
      'NoSuchEntity: The user with name dev is not a member of group Devs.',
    ],
  ]
  for (const [action, input, error] of cases) {
    assert.equal((await iam.call(action, input)).error, error, action)
  }
  for (let n = 0; n < 10; n += 1) {
    await iam.call('CreateGroup', { GroupName: `g${n}` })
    const joined = await iam.call('AddUserToGroup', { GroupName: `g${n}`, UserName: 'dev' })
    assert.equal(joined.status, 200)
  }
  assert.equal(
    (await iam.call('AddUserToGroup', { GroupName: 'Devs', UserName: 'dev' })).error,
    'LimitExceeded: Cannot exceed quota for GroupsPerUser: 10',
  )
  const again = await iam.call('AddUserToGroup', { GroupName: 'g0', UserName: 'dev' })
  assert.equal(again.status, 200)
})

test('shows a group and its users by pages, and a user’s groups', async (t) => {
  const iam = await testIam(t)
  const made = await iam.call('CreateGroup', { GroupName: 'devs', Path: '/team/' })
  const id = made.text('GroupId') ?? ''
  assert.match(id, /^AGPA[A-Z2-7]{17}$/)
  const group = `<Group><Path>/team/</Path><GroupName>devs</GroupName><GroupId>${id}</GroupId><Arn>arn:aws:iam::123456789012:group/team/devs</Arn><CreateDate>2026-11-24T12:00:00Z</CreateDate></Group>`
  assert.ok(made.body.includes(`<CreateGroupResult>${group}</CreateGroupResult>`))
  for (const UserName of ['c', 'A', 'b']) {
    await iam.call('CreateUser', { UserName })
    await iam.call('AddUserToGroup', { GroupName: 'devs', UserName })
  }
  const page = await iam.call('GetGroup', { GroupName: 'devs', MaxItems: '2' })
  assert.ok(page.body.includes(group))
  assert.deepEqual(page.texts('UserName'), ['A', 'b'])
  const Marker = page.text('Marker') ?? ''
  const rest = await iam.call('GetGroup', { GroupName: 'devs', Marker })
  assert.deepEqual(rest.texts('UserName'), ['c'])
  await iam.call('CreateGroup', { GroupName: 'Admins' })
  await iam.call('AddUserToGroup', { GroupName: 'Admins', UserName: 'b' })
  const groups = await iam.call('ListGroupsForUser', { UserName: 'b' })
  assert.deepEqual(groups.texts('GroupName'), ['Admins', 'devs'])
  assert.deepEqual((await iam.call('ListGroups', { PathPrefix: '/t' })).texts('GroupName'), [
    'devs',
  ])
})

test('a new name or path changes the ARN, and the users stay', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateGroup', { GroupName: 'devs' })
  await iam.call('CreateGroup', { GroupName: 'ops' })
  await iam.call('CreateUser', { UserName: 'dev' })
  await iam.call('AddUserToGroup', { GroupName: 'devs', UserName: 'dev' })
  const taken = await iam.call('UpdateGroup', { GroupName: 'devs', NewGroupName: 'OPS' })
  assert.equal(taken.status, 409)
  await iam.call('UpdateGroup', { GroupName: 'devs', NewGroupName: 'Makers', NewPath: '/x/' })
  const found = await iam.call('GetGroup', { GroupName: 'makers' })
  assert.equal(found.text('Arn'), 'arn:aws:iam::123456789012:group/x/Makers')
  assert.deepEqual(found.texts('UserName'), ['dev'])
})

test('a new name or path is asked about as well as the old one', async (t) => {
  const iam = await testIam(t)
  await iam.call('CreateGroup', { GroupName: 'Devs', Path: '/team/' })
  await iam.call('UpdateGroup', { GroupName: 'devs', NewGroupName: 'Admins' })
  await iam.call('UpdateGroup', { GroupName: 'nobody', NewPath: '/x/' })
  const asked = iam.asked.filter(({ action }) => action === 'iam:UpdateGroup')
  const of = (resource: string): string => `arn:aws:iam::123456789012:group/${resource}`
  assert.deepEqual(
    asked.map(({ resources }) => resources),
    [
      [of('team/Devs'), of('team/Admins')],
      [of('nobody'), of('x/nobody')],
    ],
  )
})
