// Who hands out rights within a boundary gets no more than the boundary, by none of the known ways.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  AddUserToGroupCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyVersionCommand,
  CreateUserCommand,
  DeleteUserPermissionsBoundaryCommand,
  IAMClient,
  IAMServiceException,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  SetDefaultPolicyVersionCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { administratorAccess, policyText } from '../kit/identities.ts'
import { openWorld, outcomeOf, own, signIn, type Caller, type World } from './world.ts'
import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'

const everything = { Effect: 'Allow', Action: '*', Resource: '*' }
const pull = { Effect: 'Allow', Action: 'ecr:BatchGetImage', Resource: '*' }

interface Delegation {
  readonly world: World
  readonly delegate: Caller
  readonly boundary: string
  /** `allowed`, or the exception's name. */
  readonly outcome: (ask: (iam: IAMClient) => Promise<unknown>) => Promise<string>
}

/** A delegate who may do all of IAM to whoever is within the boundary, and is within it too. */
async function withDelegate(t: TestContext): Promise<Delegation> {
  const world = await openWorld(t)
  const delegate = await world.user(own, 'AIDADEL')
  const boundary = await world.addManaged(own, 'edge', pull, signIn, {
    Effect: 'Allow',
    Action: 'iam:*',
    Resource: '*',
  })
  const bounded = { StringEquals: { 'iam:PermissionsBoundary': boundary } }
  await world.put(
    'AIDADEL',
    'delegation',
    { Effect: 'Allow', Action: 'iam:*', Resource: '*', Condition: bounded },
    { Effect: 'Deny', Action: 'iam:Delete*PermissionsBoundary', Resource: '*' },
  )
  await world.bound('AIDADEL', boundary)
  const iam = new IAMClient({
    endpoint: world.server.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: delegate.credentials,
  })
  t.after(() => iam.destroy())
  const outcome: Delegation['outcome'] = async (ask) => {
    try {
      await ask(iam)
      return 'allowed'
    } catch (error) {
      if (!(error instanceof IAMServiceException)) throw error
      return error.name
    }
  }
  return { world, delegate, boundary, outcome }
}

test('who may do everything to identities within a boundary finds no way out of it', async (t) => {
  const { world, boundary, outcome } = await withDelegate(t)
  await world.addUser(own, 'AIDABOSS', 'boss')
  await world.attach('AIDABOSS', administratorAccess)
  await world.addGroup(own, 'AGPABOSSES', 'AIDABOSS')
  await world.addRole(own, 'AROABOSS', 'bossrole')
  await world.addUser(own, 'AIDATEAM', 'team')
  await world.bound('AIDATEAM', boundary)
  const document = policyText(everything)
  const self = { UserName: 'aidadel' }
  const boss = { UserName: 'boss' }
  const trust = policyText({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${own}:user/aidadel` },
    Action: 'sts:AssumeRole',
  })
  const role = { RoleName: 'bossrole' }
  const policy = { PolicyArn: boundary }
  const wider = { PermissionsBoundary: administratorAccess }
  const ways: readonly (readonly [what: string, ask: (iam: IAMClient) => Promise<unknown>])[] = [
    ['a user without a boundary', (iam) => iam.send(new CreateUserCommand({ UserName: 'free' }))],
    [
      'a user with a wider one',
      (iam) => iam.send(new CreateUserCommand({ UserName: 'free', ...wider })),
    ],
    [
      'a wider boundary for oneself',
      (iam) => iam.send(new PutUserPermissionsBoundaryCommand({ ...self, ...wider })),
    ],
    ['no boundary for oneself', (iam) => iam.send(new DeleteUserPermissionsBoundaryCommand(self))],
    [
      'no boundary for another',
      (iam) => iam.send(new DeleteUserPermissionsBoundaryCommand({ UserName: 'team' })),
    ],
    [
      'a wider boundary policy',
      (iam) =>
        iam.send(
          new CreatePolicyVersionCommand({
            ...policy,
            PolicyDocument: document,
            SetAsDefault: true,
          }),
        ),
    ],
    [
      'another version of the boundary',
      (iam) => iam.send(new SetDefaultPolicyVersionCommand({ ...policy, VersionId: 'v1' })),
    ],
    ['a key of an administrator', (iam) => iam.send(new CreateAccessKeyCommand(boss))],
    [
      'the group of administrators',
      (iam) => iam.send(new AddUserToGroupCommand({ ...self, GroupName: 'AGPABOSSES' })),
    ],
    [
      'the trust of a role without a boundary',
      (iam) => iam.send(new UpdateAssumeRolePolicyCommand({ ...role, PolicyDocument: trust })),
    ],
    [
      'a policy of a role without a boundary',
      (iam) =>
        iam.send(new PutRolePolicyCommand({ ...role, PolicyName: 'p', PolicyDocument: document })),
    ],
    [
      'AWS’s policy on a role without a boundary',
      (iam) => iam.send(new AttachRolePolicyCommand({ ...role, PolicyArn: administratorAccess })),
    ],
    [
      'a policy of an administrator',
      (iam) =>
        iam.send(new PutUserPolicyCommand({ ...boss, PolicyName: 'p', PolicyDocument: document })),
    ],
  ]
  for (const [what, ask] of ways) assert.equal(await outcome(ask), 'AccessDenied', what)
})

test('rights that are given within a boundary end at it', async (t) => {
  const { world, delegate, boundary, outcome } = await withDelegate(t)
  await world.createRepository('team/app')
  const everythingForMe = { UserName: 'aidadel', PolicyArn: administratorAccess }
  assert.equal(
    await outcome((iam) => iam.send(new AttachUserPolicyCommand(everythingForMe))),
    'allowed',
  )
  const list = new DescribeRepositoriesCommand({ repositoryNames: ['team/app'] })
  assert.match(await outcomeOf(delegate.api.send(list)), /no permissions boundary allows/)
  const made = { UserName: 'made', PermissionsBoundary: boundary }
  assert.equal(await outcome((iam) => iam.send(new CreateUserCommand(made))), 'allowed')
})
