// Who may have a repository made by a push, across accounts and while policies change.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateRepositoryCreationTemplateCommand,
  DescribeRepositoriesCommand,
  PutAccountSettingCommand,
  PutRegistryPolicyCommand,
} from '@aws-sdk/client-ecr'
import { openWorld, other, own, putManifest } from './world.ts'

test('a push from another account makes a repository only where the registry policy of scope V2 lets it', async (t) => {
  const world = await openWorld(t)
  const { server } = world
  const guest = await world.user(other, 'GUEST')
  const mayAll = { Effect: 'Allow', Action: 'ecr:*', Resource: '*' }
  await world.put('GUEST', 'all', mayAll)
  const forGuest = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${other}:user/guest` } }
  const repositoryPolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ ...forGuest, Action: 'ecr:*' }],
  })
  await server.ecr.send(
    new CreateRepositoryCreationTemplateCommand({
      prefix: 'shared',
      appliedFor: ['CREATE_ON_PUSH'],
      repositoryPolicy,
    }),
  )
  const push = async (name: string): Promise<number> =>
    (await putManifest(guest, `${own}/${name}`, 'v1')).status
  const names = async (): Promise<readonly (string | undefined)[]> => {
    const { repositories = [] } = await server.ecr.send(new DescribeRepositoriesCommand({}))
    return repositories.map(({ repositoryName }) => repositoryName)
  }

  // The policy of the repository to be lets the guest push to it, and nothing lets the guest make it.
  assert.equal(await push('shared/app'), 403)
  assert.equal(await push('elsewhere/app'), 404)
  assert.deepEqual(await names(), [])

  const policyText = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        ...forGuest,
        Action: 'ecr:CreateRepository',
        Resource: `arn:aws:ecr:us-east-1:${own}:repository/shared/*`,
      },
    ],
  })
  await server.ecr.send(new PutRegistryPolicyCommand({ policyText }))
  const scope = { name: 'REGISTRY_POLICY_SCOPE', value: 'V2' }
  await server.ecr.send(new PutAccountSettingCommand(scope))
  assert.equal(await push('shared/app'), 201)
  assert.equal(await push('elsewhere/app'), 404)
  assert.deepEqual(await names(), ['shared/app'])

  // A guard rail of the owner's account binds whoever pushes.
  const anybody = { Principal: '*', Resource: '*' }
  await world.putGuardRail(
    own,
    'rcp',
    0,
    { ...anybody, Effect: 'Allow', Action: '*' },
    { ...anybody, Effect: 'Deny', Action: 'ecr:CreateRepository' },
  )
  assert.equal(await push('shared/other'), 403)
  assert.deepEqual(await names(), ['shared/app'])
})

test('what the template’s own policy denies is denied to the push that would make the repository', async (t) => {
  const world = await openWorld(t)
  const pusher = await world.user(own, 'PUSHER')
  await world.put('PUSHER', 'all', { Effect: 'Allow', Action: 'ecr:*', Resource: '*' })
  const deny = { Effect: 'Deny', Principal: '*', Action: 'ecr:PutImage' }
  const isPusher = { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${own}:user/pusher` } }
  const repositoryPolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ ...deny, Condition: isPusher }],
  })
  await world.server.ecr.send(
    new CreateRepositoryCreationTemplateCommand({
      prefix: 'ROOT',
      appliedFor: ['CREATE_ON_PUSH'],
      repositoryPolicy,
    }),
  )
  const denied = await putManifest(pusher, 'app', 'v1')
  assert.equal(denied.status, 403)
  assert.match(
    denied.body.toString(),
    /ecr:PutImage.*with an explicit deny in a resource-based policy/,
  )
  const { repositories } = await world.server.ecr.send(new DescribeRepositoriesCommand({}))
  assert.deepEqual(repositories, [])
  assert.equal((await putManifest(world.admin, 'app', 'v1')).status, 201)
})
