// Why something is allowed or denied: the encoded message for those who may open it, explanations, and limits of whole accounts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeAuthorizationMessageCommand, STSClient } from '@aws-sdk/client-sts'
import { ECRServiceException, GetRepositoryPolicyCommand } from '@aws-sdk/client-ecr'
import { expectRefusal, expectStatus, jsonOf, type Answer } from '../conformance/client.ts'
import { administratorAccess, policyText } from '../kit/identities.ts'
import { openWorld, other, own, type Caller, type World } from './world.ts'

const repository = 'team/app'
const arn = `arn:aws:ecr:us-east-1:${own}:repository/${repository}`
const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' }

async function explain(
  caller: Caller,
  asked: Readonly<Record<string, string>>,
  context: readonly string[] = [],
): Promise<Answer> {
  const query = new URLSearchParams(asked)
  for (const text of context) query.append('context', text)
  return caller.send('GET', `/pratique/v1/policy/explain?${query.toString()}`)
}

async function withDev(t: Parameters<typeof openWorld>[0]): Promise<readonly [World, Caller]> {
  const world = await openWorld(t)
  await world.createRepository(repository)
  return [world, await world.user(own, 'AIDADEV')]
}

test('a denial carries, through each door, a text that only those who may can open', async (t) => {
  const [world, dev] = await withDev(t)
  await world.put('AIDADEV', 'list', { Effect: 'Allow', Action: 'ecr:ListImages', Resource: '*' })
  const refused = expectRefusal(
    await dev.send('GET', `/v2/${repository}/manifests/v1`),
    403,
    'DENIED',
  )
  const { errors } = jsonOf(refused)
  const [first] = errors as readonly { readonly detail: Readonly<Record<string, string>> }[]
  assert.match(first?.detail['encodedAuthorizationMessage'] ?? '', /^[\w-]{100,10240}$/)
  let encoded = ''
  await assert.rejects(
    dev.api.send(new GetRepositoryPolicyCommand({ repositoryName: repository })),
    (error) => {
      assert.ok(error instanceof ECRServiceException)
      const member: unknown = Reflect.get(error, 'encodedAuthorizationMessage')
      assert.match(String(member), /^[\w-]{100,10240}$/)
      encoded = String(member)
      return true
    },
  )
  const credentials = async (caller: Caller): Promise<string> => decodedBy(world, caller, encoded)
  await assert.rejects(credentials(dev), /sts:DecodeAuthorizationMessage/)
  const decoded = JSON.parse(await credentials(world.admin)) as Readonly<Record<string, unknown>>
  assert.equal(decoded['allowed'], false)
  assert.equal(decoded['explicitDeny'], false)
  assert.match(JSON.stringify(decoded['context']), /"action":"ecr:GetRepositoryPolicy"/)
})

async function decodedBy(world: World, caller: Caller, EncodedMessage: string): Promise<string> {
  const { credentials } = caller
  const sts = new STSClient({ endpoint: world.server.url, region: 'us-east-1', credentials })
  try {
    const answer = await sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage }))
    return answer.DecodedMessage ?? ''
  } finally {
    sts.destroy()
  }
}

test('an explanation is for those who may have one, of the own account’s resources', async (t) => {
  const [world, dev] = await withDev(t)
  const asked = {
    principal: `arn:aws:iam::${own}:user/admin`,
    action: 'ecr:PutImage',
    resource: arn,
  }
  expectStatus(await explain(world.nobody, asked), 401)
  expectStatus(await explain(dev, asked), 403)
  await world.put('AIDADEV', 'explain', {
    Effect: 'Allow',
    Action: 'pratique:ExplainDecision',
    Resource: arn,
  })
  expectStatus(await explain(dev, asked), 200)
  expectStatus(await explain(dev, { ...asked, resource: `${arn}2` }), 403)
  const far = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  expectStatus(await explain(far, asked), 403)
  // Nor who there is in another account.
  const farArn = `arn:aws:ecr:us-east-1:${other}:repository/x`
  for (const principal of [asked.principal, `arn:aws:iam::${own}:user/absent`]) {
    const answer = await explain(far, { ...asked, principal, resource: farArn })
    expectStatus(answer, 400)
    assert.match(answer.body.toString(), /there is no principal/)
  }
})

test('nonsense is refused with what would be sense', async (t) => {
  const { admin } = await openWorld(t)
  const asked = { principal: 'anonymous', action: 'ecr:PutImage', resource: arn }
  const wrong: readonly (readonly [Readonly<Record<string, string>>, readonly string[], RegExp])[] =
    [
      [{ ...asked, action: 'PutImage' }, [], /action must be/],
      [{ ...asked, resource: 'team/app' }, [], /resource must be/],
      [asked, ['aws:SourceIp'], /context must be/],
      [{ ...asked, principal: 'dev' }, [], /there is no principal/],
      [
        { ...asked, principal: `arn:aws:sts::${own}:assumed-role/none/x` },
        [],
        /there is no principal/,
      ],
    ]
  for (const [query, context, message] of wrong) {
    const answer = await explain(admin, query, context)
    expectStatus(answer, 400)
    assert.match(answer.body.toString(), message)
  }
})

interface Explanation {
  readonly decision: {
    readonly kind: string
    readonly decidedBy?: readonly { readonly sid?: string }[]
  }
  readonly message?: string
  readonly policies: readonly {
    readonly id: string
    readonly isHidden: boolean
    readonly statements: readonly {
      readonly sid?: string
      readonly failures: readonly Readonly<Record<string, unknown>>[]
    }[]
  }[]
  readonly contextAbsent: readonly string[]
}

function explanationOf(answer: Answer): Explanation {
  return JSON.parse(expectStatus(answer, 200).body.toString()) as Explanation
}

test('each statement says by what it does not match, and the deciding one is named', async (t) => {
  const [world] = await withDev(t)
  await world.addRole(own, 'AROACI', 'ci', '/build/')
  const Condition = { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }
  await world.put(
    'AROACI',
    'push',
    { ...allowAll, Sid: 'inside', Action: 'ecr:PutImage', Condition },
    { ...allowAll, Sid: 'pull', Action: 'ecr:BatchGetImage' },
  )
  const asked = {
    principal: `arn:aws:iam::${own}:role/build/ci`,
    action: 'ecr:PutImage',
    resource: arn,
  }
  const unknown = explanationOf(await explain(world.admin, asked))
  assert.equal(unknown.decision.kind, 'implicit-deny')
  assert.deepEqual(unknown.contextAbsent, ['aws:sourceip'])
  assert.match(unknown.message ?? '', new RegExp(`^User: arn:aws:sts::${own}:assumed-role/ci/`))
  const outside = explanationOf(await explain(world.admin, asked, ['aws:SourceIp=198.51.100.1']))
  const [inside, pull] = outside.policies[0]?.statements ?? []
  assert.deepEqual(
    inside?.failures.map(({ part, key, had }) => [part, key, had]),
    [['condition', 'aws:SourceIp', '198.51.100.1']],
  )
  assert.deepEqual(
    pull?.failures.map(({ part, had }) => [part, had]),
    [['action', 'ecr:PutImage']],
  )
  const allowed = explanationOf(await explain(world.admin, asked, ['aws:SourceIp=192.0.2.9']))
  assert.equal(allowed.decision.kind, 'allow')
  assert.deepEqual(
    allowed.decision.decidedBy?.map(({ sid }) => sid),
    ['inside'],
  )
  const session = { ...asked, principal: `arn:aws:sts::${own}:assumed-role/ci/run` }
  assert.equal(explanationOf(await explain(world.admin, session)).decision.kind, 'implicit-deny')
  for (const principal of ['anonymous', own, `arn:aws:iam::${own}:root`]) {
    const { decision } = explanationOf(await explain(world.admin, { ...asked, principal }))
    assert.equal(decision.kind, principal === 'anonymous' ? 'implicit-deny' : 'allow')
  }
})

test('of another account’s policies an explanation shows that they are there, and not what they say', async (t) => {
  const world = await openWorld(t)
  await world.createRepository(repository)
  await world.setPolicy(repository, {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'theirs',
        Effect: 'Allow',
        Principal: { AWS: other },
        Action: 'pratique:ExplainDecision',
      },
    ],
  })
  const far = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  const principal = `arn:aws:iam::${other}:user/aidafar`
  const asked = { principal, action: 'ecr:PutImage', resource: arn }
  const { policies } = explanationOf(await explain(far, asked))
  assert.deepEqual(
    policies.map(({ id, isHidden, statements }) => [id, isHidden, statements.length]),
    [
      [administratorAccess, false, 1],
      ['repository policy', true, 0],
    ],
  )
  // The account that runs the installation sees all.
  const whole = explanationOf(await explain(world.admin, asked))
  assert.ok(whole.policies.every(({ isHidden }) => !isHidden))
})

test('what is about the installation is its own account’s, whatever the policies of another one say', async (t) => {
  const world = await openWorld(t)
  const far = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  const root = await world.root(other)
  for (const [method, path] of [
    ['POST', '/pratique/v1/backups'],
    ['POST', '/pratique/v1/storage-checks/repair'],
    ['POST', '/pratique/v1/advisories?source=x'],
    ['GET', '/pratique/v1/guard-rails'],
    ['POST', '/pratique/v1/guard-rails?kind=scp&name=x'],
  ] as const) {
    for (const caller of [far, root]) {
      const refused = await caller.send(method, path)
      assert.equal(refused.status, 403, path)
      assert.match(refused.body.toString(), new RegExp(`for account ${own}`))
    }
  }
  expectStatus(await far.send('GET', '/pratique/v1/quotas'), 200)
})

test('what a whole account may hold is set by the account that runs the installation, what a repository may by its own', async (t) => {
  const world = await openWorld(t)
  const far = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  for (const query of ['max-bytes=none', `max-bytes=none&account=${other}`]) {
    expectStatus(await far.send('POST', `/pratique/v1/quotas?${query}`), 403)
  }
  const elsewhere = `repository=team/app&account=${own}&max-bytes=1`
  expectStatus(await far.send('POST', `/pratique/v1/quotas?${elsewhere}`), 403)
  const set = `/pratique/v1/quotas?account=${other}&max-bytes=1000`
  assert.equal(jsonOf(expectStatus(await world.admin.send('POST', set), 200))['maxBytes'], 1000)
  const listed = await far.send('GET', '/pratique/v1/quotas')
  assert.match(listed.body.toString(), /"maxBytes":1000/)
  expectStatus(await world.admin.send('POST', '/pratique/v1/quotas?account=1&max-bytes=1'), 400)
  const absent = '/pratique/v1/quotas?account=999999999999&max-bytes=1'
  expectStatus(await world.admin.send('POST', absent), 404)
})

test('a guard rail binds a whole account from the next request on', async (t) => {
  const world = await openWorld(t)
  const far = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  await world.createRepository('team/far', other)
  const path = `/v2/${other}/team/far/tags/list`
  expectStatus(await far.send('GET', path), 200)
  const rail = (query: string): string => `/pratique/v1/guard-rails?account=${other}&${query}`
  const document = policyText(allowAll, { ...allowAll, Effect: 'Deny', Action: 'ecr:ListImages' })
  const put = rail('kind=scp&level=0&name=no-lists')
  expectStatus(await world.admin.send('POST', put, { body: Buffer.from(document) }), 200)
  const denied = expectRefusal(await far.send('GET', path), 403, 'DENIED')
  assert.match(denied.body.toString(), /with an explicit deny in a service control policy/)
  const listed = jsonOf(await world.admin.send('GET', rail('')))
  assert.deepEqual(listed['guardRails'], [{ kind: 'scp', level: 0, name: 'no-lists', document }])
  expectStatus(await world.admin.send('DELETE', put), 200)
  expectStatus(await world.admin.send('DELETE', put), 404)
  expectStatus(await far.send('GET', path), 200)
})

test('a guard rail that is wrong is refused with the place, and one that shuts out everybody is mended by root', async (t) => {
  const world = await openWorld(t)
  const send = (query: string, body: string): Promise<Answer> =>
    world.admin.send('POST', `/pratique/v1/guard-rails?${query}`, { body: Buffer.from(body) })
  const deny = policyText({ ...allowAll, Effect: 'Deny' })
  const wrong = [
    ['kind=acl&name=x', deny, /kind must be/],
    ['kind=scp&name=x%20y', deny, /name must be/],
    ['kind=scp&name=x&level=10', deny, /level must be/],
    ['kind=scp&name=x&account=1', deny, /account must be/],
    ['kind=scp&name=x&account=000000000000', deny, /there is no account/],
    ['kind=scp&name=x', '{"Version":"2012-10-17"', /line 1, column \d+: /],
    ['kind=rcp&name=x', deny, /line 1, column \d+: /],
  ] as const
  for (const [query, body, message] of wrong) {
    const refused = await send(query, body)
    assert.ok(refused.status === 400 || refused.status === 404, query)
    assert.match(refused.body.toString(), message, query)
  }
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    expectStatus(
      await send(`kind=rcp&name=${name}`, policyText({ ...allowAll, Principal: '*' })),
      200,
    )
  assert.match(
    (await send('kind=rcp&name=f', policyText({ ...allowAll, Principal: '*' }))).body.toString(),
    /at most 5/,
  )
  expectStatus(await send('kind=scp&name=x', deny), 200)
  expectStatus(await send('kind=scp&name=x', policyText(allowAll)), 403)
  const root = await world.root(own)
  expectStatus(await root.send('GET', '/pratique/v1/quotas'), 403)
  expectStatus(await root.send('DELETE', '/pratique/v1/guard-rails?kind=scp&name=x'), 200)
  expectStatus(await world.admin.send('GET', '/pratique/v1/quotas'), 200)
})
