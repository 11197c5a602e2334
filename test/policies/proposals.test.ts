// What would have a denied request allowed: proven proposals, whom they let in besides, and what of them strangers are shown.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PutRegistryPolicyCommand, TagResourceCommand } from '@aws-sdk/client-ecr'
import { expectStatus } from '../conformance/client.ts'
import { administratorAccess } from '../kit/identities.ts'
import { openWorld, other, own, type Caller, type World } from './world.ts'

const repository = 'team/app'
const arn = `arn:aws:ecr:us-east-1:${own}:repository/${repository}`
const ci = `arn:aws:iam::${own}:role/ci`
const dev = `arn:aws:iam::${own}:user/dev`

interface Change {
  readonly kind: string
  readonly type?: string
  readonly policy?: string
  readonly part?: string
  readonly key?: string
  readonly value?: string
  readonly account?: string
  readonly names?: readonly string[]
  readonly statement?: object
}

interface Explanation {
  readonly decision: {
    readonly kind: string
    readonly decidedBy?: readonly { readonly index: number; readonly sid?: string }[]
  }
  readonly policies: readonly {
    readonly statements: readonly { readonly failures: readonly object[] }[]
  }[]
  readonly contextUsed: readonly string[]
  readonly proposals: readonly {
    readonly changes: readonly Change[]
    readonly opens: readonly string[]
    readonly alsoAllows: readonly string[]
  }[]
  readonly isCut: boolean
}

async function explain(
  caller: Caller,
  principal: string,
  action = 'ecr:PutImage',
): Promise<Explanation> {
  const query = new URLSearchParams({ principal, action, resource: arn })
  const answer = await caller.send('GET', `/pratique/v1/policy/explain?${query.toString()}`)
  return JSON.parse(expectStatus(answer, 200).body.toString()) as Explanation
}

const push = { Sid: 'push', Effect: 'Allow', Action: 'ecr:PutImage', Resource: '*' }

async function withDev(t: Parameters<typeof openWorld>[0]): Promise<World> {
  const world = await openWorld(t)
  await world.createRepository(repository)
  await world.addUser(own, 'dev', 'dev')
  return world
}

test('a missing Allow is proposed where it is nearest, and who may already is named', async (t) => {
  const world = await withDev(t)
  await world.put('dev', 'push', { ...push, Resource: `${arn}2` })
  const { decision, proposals, isCut } = await explain(world.admin, dev)
  assert.equal(decision.kind, 'implicit-deny')
  assert.equal(isCut, false)
  const edit = proposals
    .flatMap(({ changes }) => changes)
    .find(({ kind }) => kind === 'edit-statement')
  assert.deepEqual([edit?.policy, edit?.part, edit?.account], ['inline:push', 'resource', own])
  assert.deepEqual(edit?.statement, { ...push, Resource: [`${arn}2`, arn] })
  assert.deepEqual(proposals.at(-1)?.changes, [
    {
      kind: 'use-principal',
      names: [`arn:aws:iam::${own}:root`, `arn:aws:iam::${own}:user/admin`],
    },
  ])
  // Made, it does what it says.
  await world.put('dev', 'push', edit?.statement ?? {})
  const after = await explain(world.admin, dev)
  assert.equal(after.decision.kind, 'allow')
  assert.deepEqual(after.proposals, [])
})

test('a proposal says whom else it lets in: those who have the same policy', async (t) => {
  const world = await withDev(t)
  await world.addUser(own, 'twin', 'twin')
  await world.addUser(own, 'apart', 'apart')
  const shared = await world.addManaged(own, 'shared', { ...push, Action: 'ecr:ListImages' })
  for (const name of ['dev', 'twin']) await world.attach(name, shared)
  const { proposals } = await explain(world.admin, dev)
  const found = proposals.find(({ changes }) =>
    changes.some(({ kind, policy }) => kind === 'edit-statement' && policy === shared),
  )
  assert.deepEqual(found?.opens, [`arn:aws:iam::${own}:user/twin`])
})

test('nothing is proposed that takes a Deny away: it spares the one, or is met by another request', async (t) => {
  const world = await withDev(t)
  await world.addRole(own, 'AROACI', 'ci')
  await world.attach('dev', administratorAccess)
  await world.setPolicy(
    repository,
    {
      Version: '2012-10-17',
      Statement: {
        Sid: 'onlyCi',
        Effect: 'Deny',
        Principal: '*',
        Action: 'ecr:PutImage',
        Condition: { ArnNotLike: { 'aws:PrincipalArn': ci } },
      },
    },
    true,
  )
  const { decision, proposals } = await explain(world.admin, dev)
  assert.equal(decision.kind, 'explicit-deny')
  const edits = proposals.flatMap(({ changes }) => changes)
  assert.ok(edits.length > 0)
  for (const { kind, statement } of edits.filter((one) => one.statement !== undefined)) {
    assert.equal(kind, 'edit-statement')
    assert.equal(Reflect.get(statement ?? {}, 'Effect'), 'Deny')
  }
  assert.ok(JSON.stringify(edits).includes(dev))
})

test('who has no name is shown as denied what only a name may do, and no policy would change it', async (t) => {
  const world = await withDev(t)
  const everybody = { Effect: 'Allow', Principal: '*', Action: 'ecr:*' }
  await world.setPolicy(repository, { Version: '2012-10-17', Statement: everybody }, true)
  const { decision, proposals } = await explain(world.admin, 'anonymous')
  assert.deepEqual(decision, { kind: 'implicit-deny', missing: ['resource'] })
  assert.deepEqual(proposals, [])
})

test('no grant in the registry’s policy is proposed to who has no name: there it would open nothing', async (t) => {
  const world = await withDev(t)
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: own },
    Action: 'ecr:BatchGetImage',
    Resource: arn,
  }
  await world.server.ecr.send(
    new PutRegistryPolicyCommand({
      policyText: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
    }),
  )
  const { decision, proposals } = await explain(world.admin, 'anonymous', 'ecr:BatchGetImage')
  assert.equal(decision.kind, 'implicit-deny')
  assert.ok(!JSON.stringify(proposals).includes('registry policy'))
})

test('from outside the account of a resource neither its statements nor its tags are to be learnt', async (t) => {
  const world = await withDev(t)
  await world.setPolicy(repository, {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: other }, Action: ['pratique:*', 'ecr:PutImage'] },
      {
        Sid: 'secretSid',
        Effect: 'Deny',
        Principal: { AWS: other },
        Action: 'ecr:PutImage',
        Condition: { StringNotEquals: { 'aws:Referer': 'secret-value' } },
      },
    ],
  })
  await world.server.ecr.send(
    new TagResourceCommand({ resourceArn: arn, tags: [{ Key: 'owner', Value: 'secret-tag' }] }),
  )
  const far = await world.user(other, 'AIDAFAR')
  const Condition = { StringEquals: { 'aws:ResourceTag/owner': 'them' } }
  await world.put(
    'AIDAFAR',
    'push',
    { ...push, Condition },
    { ...push, Sid: 'ask', Action: 'pratique:*' },
  )
  const principal = `arn:aws:iam::${other}:user/aidafar`
  const denied = await explain(far, principal)
  assert.equal(denied.decision.kind, 'explicit-deny')
  assert.equal(denied.decision.decidedBy?.[0]?.sid, undefined)
  assert.deepEqual(denied.contextUsed, ['aws:resourcetag/owner'])
  assert.match(JSON.stringify(denied.policies), /"had":"\(not shown\)"/)
  const asking = { kind: 'ask-account', type: 'resource', account: own }
  assert.ok(
    denied.proposals.some(({ changes }) => changes.some(({ kind }) => kind === asking.kind)),
  )
  assert.ok(!JSON.stringify(denied).toLowerCase().includes('secret'), JSON.stringify(denied))
  // Within the account all of it is shown.
  const whole = JSON.stringify(await explain(world.admin, principal))
  assert.ok(['secretSid', 'secret-value', 'secret-tag'].every((text) => whole.includes(text)))
})
