// What a principal may do, over the repositories of its account, with what grants it and what takes away from it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectStatus, type Answer } from '../conformance/client.ts'
import { administratorAccess } from '../kit/identities.ts'
import { openWorld, other, own, type Caller } from './world.ts'

const arnOf = (name: string): string => `arn:aws:ecr:us-east-1:${own}:repository/${name}`
const dev = `arn:aws:iam::${own}:user/aidadev`

interface WhatCan {
  readonly permissions: readonly {
    readonly action: string
    readonly resource: string
    readonly access: string
    readonly when?: string
    readonly grantedBy: readonly { readonly policy: string; readonly groups: readonly string[] }[]
    readonly limitedBy: readonly { readonly kind: string; readonly policy?: string }[]
  }[]
  readonly next?: string
}

async function ask(caller: Caller, asked: Readonly<Record<string, string>>): Promise<Answer> {
  const query = new URLSearchParams(asked)
  return caller.send('GET', `/pratique/v1/policy/what-can?${query.toString()}`)
}

async function said(
  caller: Caller,
  asked: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const answer = expectStatus(await ask(caller, asked), 200)
  const { permissions } = JSON.parse(answer.body.toString()) as WhatCan
  return permissions.map(({ action, resource, access, when, grantedBy, limitedBy }) =>
    [
      action,
      resource.replace(/^.*repository\//, ''),
      when === undefined ? access : `if ${when}`,
      `by ${grantedBy.map(({ policy, groups }) => [policy, ...groups].join(' of ')).join(', ')}`,
      ...limitedBy.map(({ kind }) => `less ${kind}`),
    ].join(' '),
  )
}

test('what somebody may do is told to those alone who may have it explained', async (t) => {
  const world = await openWorld(t)
  await world.createRepository('app')
  expectStatus(await ask(world.nobody, { principal: dev }), 401)
  const caller = await world.user(own, 'AIDADEV')
  expectStatus(await ask(caller, { principal: dev }), 403)
  const explain = { Effect: 'Allow', Action: 'pratique:ExplainDecision', Resource: arnOf('app') }
  await world.put('AIDADEV', 'ask', explain)
  expectStatus(await ask(caller, { principal: dev, resource: arnOf('app') }), 200)
  expectStatus(await ask(caller, { principal: dev }), 403)

  const far = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  const stranger = await ask(far, { principal: dev })
  expectStatus(stranger, 400)
  assert.match(stranger.body.toString(), /there is no principal/)
  const farArn = `arn:aws:iam::${other}:user/aidafar`
  const onOurs = await ask(far, { principal: farArn, resource: arnOf('app') })
  assert.equal(onOurs.status, 403)
  expectStatus(await ask(far, { principal: farArn }), 200)
  // Who runs the installation may ask about everybody.
  expectStatus(await ask(world.admin, { principal: farArn }), 200)
})

test('a question that makes no sense is refused with what would', async (t) => {
  const { admin } = await openWorld(t)
  for (const [wrong, message] of [
    [{ principal: 'dev' }, /there is no principal/],
    [{ action: 'PutImage' }, /action must be/],
    [{ action: 'iam:GetUser' }, /not asked on such a resource/],
    [{ resource: 'team/app' }, /resource must be/],
    [{ context: 'x' }, /context must be/],
    [{ limit: '51' }, /limit must be/],
    [{ after: '../x' }, /after must be/],
  ] as const) {
    const answer = await ask(admin, { principal: `arn:aws:iam::${own}:root`, ...wrong })
    expectStatus(answer, 400)
    assert.match(answer.body.toString(), message)
  }
})

test('each grant is told with its statement and with what takes away from it', async (t) => {
  const world = await openWorld(t)
  for (const name of ['app', 'team/app', 'team/web']) await world.createRepository(name)
  await world.user(own, 'AIDADEV')
  await world.addGroup(own, 'AGPADEVS', 'AIDADEV')
  const Action = ['ecr:PutImage', 'ecr:BatchGetImage']
  await world.put('AGPADEVS', 'team', { Effect: 'Allow', Action, Resource: arnOf('team/*') })
  await world.put(
    'AIDADEV',
    'own',
    { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
    {
      Effect: 'Deny',
      Action: 'ecr:PutImage',
      Resource: arnOf('team/web'),
      Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    },
  )
  await world.setPolicy('app', {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: dev }, Action: 'ecr:ListImages' },
  })
  assert.deepEqual(await said(world.admin, { principal: dev }), [
    'ecr:GetAuthorizationToken * always by inline:own',
    'sts:GetCallerIdentity * always by builtin',
    'sts:GetSessionToken * always by builtin',
    'ecr:ListImages app always by repository policy',
    'ecr:BatchGetImage team/app always by inline:AGPADEVS/team of AGPADEVS',
    'ecr:BatchGetImage team/web always by inline:AGPADEVS/team of AGPADEVS',
    'ecr:PutImage team/app always by inline:AGPADEVS/team of AGPADEVS',
    'ecr:PutImage team/web if not (aws:SourceIp NotIpAddress "10.0.0.0/8") by inline:AGPADEVS/team of AGPADEVS less deny',
  ])
  const push = { principal: dev, action: 'ecr:PutImage', resource: arnOf('team/web') }
  assert.deepEqual(await said(world.admin, { ...push, context: 'aws:SourceIp=10.1.2.3' }), [
    'ecr:PutImage team/web always by inline:AGPADEVS/team of AGPADEVS',
  ])
  await world.bound('AIDADEV', 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly')
  assert.deepEqual(await said(world.admin, { ...push, resource: arnOf('team/app') }), [
    'ecr:PutImage team/app never by inline:AGPADEVS/team of AGPADEVS less boundary',
  ])
  // The answer does not depend on a repository being there.
  assert.equal((await said(world.admin, { ...push, resource: arnOf('team/new') })).length, 1)
})

test('many repositories are told in parts', async (t) => {
  const world = await openWorld(t)
  for (const name of ['a1', 'a2', 'a3']) await world.createRepository(name)
  await world.user(own, 'AIDADEV')
  await world.put('AIDADEV', 'own', { Effect: 'Allow', Action: 'ecr:PutImage', Resource: '*' })
  const asked = { principal: dev, action: 'ecr:PutImage', limit: '2' }
  const names: string[] = []
  let after = ''
  do {
    const answer = expectStatus(await ask(world.admin, { ...asked, after }), 200)
    const part = JSON.parse(answer.body.toString()) as WhatCan
    names.push(...part.permissions.map(({ resource }) => resource))
    after = part.next ?? ''
  } while (after !== '')
  assert.deepEqual(names, ['a1', 'a2', 'a3'].map(arnOf))
})

test('a role stands for its sessions, and everybody for who shows nothing', async (t) => {
  const world = await openWorld(t, { PRATIQUE_ANONYMOUS_PULL: 'on' })
  await world.createRepository('app')
  await world.addRole(own, 'AROACI', 'ci')
  await world.put('AROACI', 'own', {
    Effect: 'Allow',
    Action: 'ecr:PutImage',
    Resource: arnOf('${aws:PrincipalTag/repository}'),
  })
  const asRole = { principal: `arn:aws:iam::${own}:role/ci`, action: 'ecr:PutImage' }
  assert.deepEqual(await said(world.admin, asRole), [
    `ecr:PutImage app if ${arnOf('app')} is one of ${arnOf('${aws:PrincipalTag/repository}')} by inline:own`,
  ])
  assert.deepEqual(await said(world.admin, { principal: 'anonymous' }), [])
  const everybody = { Effect: 'Allow', Principal: '*', Action: 'ecr:*' }
  await world.setPolicy('app', { Version: '2012-10-17', Statement: everybody }, true)
  const open = await said(world.admin, { principal: 'anonymous' })
  assert.deepEqual(
    open.map((one) => one.split(' ')[0]),
    [
      'ecr:ListImages',
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetDownloadUrlForLayer',
    ],
  )
})
