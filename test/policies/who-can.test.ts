// Who may do what: over all principals of an account, with the path that grants it, and whom a resource's policy lets in besides.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectStatus, type Answer } from '../conformance/client.ts'
import { administratorAccess, policyText } from '../kit/identities.ts'
import { openWorld, other, own, type Caller } from './world.ts'

const repository = 'team/app'
const arn = `arn:aws:ecr:us-east-1:${own}:repository/${repository}`
const question = { action: 'ecr:PutImage', resource: arn }

interface Access {
  readonly name: string
  readonly kind: string
  readonly access: string
  readonly when?: string
  readonly grantedBy: readonly {
    readonly policy: string
    readonly groups: readonly string[]
    readonly sid?: string
  }[]
  readonly needsOwnPolicies?: boolean
}

interface WhoCan {
  readonly account: string
  readonly principals: readonly Access[]
  readonly outsiders: readonly Access[]
  readonly next?: string
}

async function ask(caller: Caller, asked: Readonly<Record<string, string>>): Promise<Answer> {
  const query = new URLSearchParams(asked)
  return caller.send('GET', `/pratique/v1/policy/who-can?${query.toString()}`)
}

function answerOf(answer: Answer): WhoCan {
  return JSON.parse(expectStatus(answer, 200).body.toString()) as WhoCan
}

function said(answers: readonly Access[]): readonly string[] {
  return answers.map(({ name, access, when }) =>
    [
      name.replace(/^arn:aws:(?:iam|sts)::/, ''),
      access,
      ...(when === undefined ? [] : [when]),
    ].join(' '),
  )
}

test('who can is told to those alone who may have it explained, of their own account’s resources', async (t) => {
  const world = await openWorld(t)
  await world.createRepository(repository)
  expectStatus(await ask(world.nobody, question), 401)
  const dev = await world.user(own, 'AIDADEV')
  expectStatus(await ask(dev, question), 403)
  await world.put('AIDADEV', 'ask', {
    Effect: 'Allow',
    Action: 'pratique:ExplainDecision',
    Resource: arn,
  })
  expectStatus(await ask(dev, question), 200)
  expectStatus(await ask(dev, { ...question, resource: `${arn}2` }), 403)
  const far = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  await world.setPolicy(repository, {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { AWS: other }, Action: 'pratique:ExplainDecision' },
  })
  const refused = await ask(far, question)
  expectStatus(refused, 403)
  assert.match(refused.body.toString(), /is for that account to ask/)
  assert.equal(answerOf(await ask(far, { action: 'ecr:PutImage', resource: '*' })).account, other)
  // The account that runs the installation may ask about another’s where that one lets it.
  const farArn = `arn:aws:ecr:us-east-1:${other}:repository/x`
  expectStatus(await ask(world.admin, { ...question, resource: farArn }), 403)
  await world.createRepository('x', other)
  const letIn = policyText({ Effect: 'Allow', Principal: { AWS: own }, Action: 'pratique:*' })
  await world.change((tx) =>
    tx.run(
      `INSERT INTO repository_policies (repository_id, document, principals, updated_at)
       SELECT id, $1, '{}', 1 FROM repositories WHERE account = $2`,
      [letIn, other],
    ),
  )
  assert.deepEqual(
    said(answerOf(await ask(world.admin, { ...question, resource: farArn })).principals),
    [`${other}:root always`, `${other}:user/aidafar always`],
  )
})

test('a question that makes no sense is refused with what would', async (t) => {
  const { admin } = await openWorld(t)
  for (const [wrong, message] of [
    [{ action: 'PutImage' }, /action must be/],
    [{ resource: 'team/app' }, /resource must be/],
    [{ context: 'x' }, /context must be/],
    [{ all: 'yes' }, /all must be/],
    [{ limit: '0' }, /limit must be/],
    [{ limit: '201' }, /limit must be/],
    [{ after: 'group/x' }, /after must be/],
  ] as const) {
    const answer = await ask(admin, { ...question, ...wrong })
    expectStatus(answer, 400)
    assert.match(answer.body.toString(), message)
  }
})

test('each principal is said to be allowed always, under a condition or never, and by which path', async (t) => {
  const world = await openWorld(t)
  await world.createRepository(repository)
  for (const name of ['dev', 'inside', 'ops', 'tagged']) await world.addUser(own, name, name)
  await world.addRole(own, 'AROACI', 'ci', '/build/')
  const push = { Sid: 'push', Effect: 'Allow', Action: 'ecr:PutImage', Resource: '*' }
  const Condition = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }
  await world.put('inside', 'push', { ...push, Condition })
  await world.addGroup(own, 'pushers', 'ops')
  await world.put('pushers', 'push', push)
  await world.attach('pushers', administratorAccess)
  const team = { StringEquals: { 'aws:PrincipalTag/team': 'blue' } }
  await world.put('tagged', 'push', { ...push, Condition: team })
  await world.put('AROACI', 'push', { ...push, Condition: team })
  await world.tag('tagged', 'team', 'blue')
  const { principals, next } = answerOf(await ask(world.admin, question))
  assert.equal(next, undefined)
  assert.deepEqual(said(principals), [
    `${own}:root always`,
    `${own}:user/admin always`,
    `${own}:user/inside conditional aws:SourceIp IpAddress "192.0.2.0/24"`,
    `${own}:user/ops always`,
    `${own}:user/tagged always`,
    // A session may bring another tag than the role has.
    `${own}:role/build/ci conditional aws:PrincipalTag/team StringEquals "blue"`,
  ])
  assert.deepEqual(
    principals[3]?.grantedBy.map(({ policy, groups, sid }) => [policy, groups, sid]),
    [
      ['inline:pushers/push', ['pushers'], 'push'],
      [administratorAccess, ['pushers'], undefined],
    ],
  )
  assert.deepEqual(principals[1]?.grantedBy[0]?.groups, [])
  const inside = { ...question, context: 'aws:SourceIp=192.0.2.7' }
  const known = answerOf(await ask(world.admin, inside)).principals
  assert.equal(known.find(({ name }) => name.endsWith('/inside'))?.access, 'always')
  const outside = answerOf(
    await ask(world.admin, { ...question, context: 'aws:SourceIp=198.51.100.1' }),
  ).principals
  assert.ok(outside.every(({ name }) => !name.endsWith('/inside')))
  const everybody = answerOf(await ask(world.admin, { ...question, all: 'true' })).principals
  assert.ok(said(everybody).includes(`${own}:user/dev never`))
})

test('an answer of many principals comes in parts, and says so', async (t) => {
  const world = await openWorld(t)
  await world.createRepository(repository)
  for (const name of ['b', 'a', 'c']) await world.addUser(own, name, name)
  for (const name of ['r', 'q']) await world.addRole(own, `AROA${name}`, name)
  const names: string[] = []
  let after: string | undefined = ''
  let parts = 0
  while (after !== undefined) {
    const part: WhoCan = answerOf(
      await ask(world.admin, { ...question, all: 'true', limit: '2', after }),
    )
    assert.ok(part.principals.length <= 2)
    names.push(...part.principals.map(({ name }) => name.replace(/^.*:/, '')))
    after = part.next
    parts += 1
  }
  const users = ['user/a', 'user/admin', 'user/b', 'user/c']
  assert.deepEqual(names, ['root', ...users, 'role/q', 'role/r'])
  assert.equal(parts, 4)
})

for (const [anonymousPull, hasPublic] of [
  ['off', false],
  ['on', true],
] as const) {
  test(`whom a policy lets in from outside is told, the public with anonymous pulls ${anonymousPull}`, async (t) => {
    const world = await openWorld(t, { PRATIQUE_ANONYMOUS_PULL: anonymousPull })
    await world.createRepository(repository)
    await world.addRole(own, 'AROACI', 'ci')
    await world.addRole(other, 'AROAFAR', 'far')
    const session = `arn:aws:sts::${own}:assumed-role/ci/release`
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: [`arn:aws:iam::${other}:role/far`, session] },
          Action: 'ecr:PutImage',
        },
        { Sid: 'pull', Effect: 'Allow', Principal: '*', Action: 'ecr:BatchGetImage' },
      ],
    }
    await world.setPolicy(repository, policy, true)
    const push = answerOf(await ask(world.admin, question))
    assert.deepEqual(said(push.outsiders), [`${other}:role/far always`])
    assert.equal(push.outsiders[0]?.needsOwnPolicies, true)
    assert.deepEqual(
      push.principals.map(({ name, kind }) => [name, kind]).filter(([, kind]) => kind !== 'root'),
      [
        [`arn:aws:iam::${own}:user/admin`, 'user'],
        [session, 'session'],
      ],
    )
    const pull = answerOf(await ask(world.admin, { ...question, action: 'ecr:BatchGetImage' }))
    assert.deepEqual(
      pull.outsiders.map(({ name, needsOwnPolicies }) => [name, needsOwnPolicies]),
      [...(hasPublic ? [['public', false]] : []), ['anyone', true]],
    )
  })
}
