// The policies of repositories and registries as operations: refusals, round trips, and the way back from a mistake.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BatchGetImageCommand,
  DeleteRegistryPolicyCommand,
  DeleteRepositoryPolicyCommand,
  ECRServiceException,
  GetAccountSettingCommand,
  GetRegistryPolicyCommand,
  GetRepositoryPolicyCommand,
  PutAccountSettingCommand,
  PutImageCommand,
  PutRegistryPolicyCommand,
  SetRepositoryPolicyCommand,
  TagResourceCommand,
  type ECRClient,
} from '@aws-sdk/client-ecr'
import { digestOf } from '../../src/oci/digest.ts'
import { expectRefusal, expectStatus, header, indexOf } from '../conformance/client.ts'
import { administratorAccess } from '../kit/identities.ts'
import { openWorld, other, outcomeOf, own, putManifest, type Caller, type World } from './world.ts'

const repositoryName = 'team/app'
const arn = `arn:aws:ecr:us-east-1:${own}:repository/${repositoryName}`
const generic = `InvalidParameterException: Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'`

async function open(t: Parameters<typeof openWorld>[0]): Promise<World> {
  const world = await openWorld(t)
  await world.createRepository(repositoryName)
  return world
}

async function set(api: ECRClient, policy: object | string, force = false): Promise<string> {
  const policyText = typeof policy === 'string' ? policy : JSON.stringify(policy)
  return outcomeOf(api.send(new SetRepositoryPolicyCommand({ repositoryName, policyText, force })))
}

/** The header that says where the document is wrong, and why. */
async function placeOf({ api }: Caller, policy: object | string): Promise<string | undefined> {
  const policyText = typeof policy === 'string' ? policy : JSON.stringify(policy)
  try {
    await api.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }))
    return undefined
  } catch (error) {
    if (!(error instanceof ECRServiceException)) throw error
    return error.$response?.headers['pratique-policy-error']
  }
}

const statement = (members: object): object => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: own }, Action: 'ecr:BatchGetImage', ...members },
  ],
})

test('a document that is wrong is refused in ECR’s one sentence, with the place and the reason behind it', async (t) => {
  const { admin } = await open(t)
  const wrong: readonly (readonly [object | string, RegExp])[] = [
    ['{"Version":"2012-10-17",\n "Statement": [}', /^2:\d+ JSON_SYNTAX_ERROR /],
    [statement({ Efect: 'Allow' }), /^1:\d+ [A-Z_]+ .*Efect/],
    [statement({ Resource: `${arn}-other` }), /^1:\d+ OTHER_RESOURCE .*this repository/],
    [
      statement({ Principal: { AWS: `arn:aws:iam::${own}:role/absent` } }),
      /^1:\d+ INVALID_PRINCIPAL .*role\/absent/,
    ],
    [statement({ Action: 'iam:CreateUser' }), /^1:\d+ /],
  ]
  for (const [policy, place] of wrong) {
    const told = await set(admin.api, policy)
    assert.ok(told.startsWith(`${generic} (line `), told)
    assert.match((await placeOf(admin, policy)) ?? '', place)
  }
})

test('the author’s text comes back byte for byte, and goes', async (t) => {
  const { admin } = await open(t)
  const missing = await outcomeOf(
    admin.api.send(new GetRepositoryPolicyCommand({ repositoryName })),
  )
  assert.equal(
    missing,
    `RepositoryPolicyNotFoundException: Repository policy does not exist for the repository with name 'team/app' in the registry with id '${own}'`,
  )
  const policyText = `{ "Version" : "2012-10-17",\n\t"Statement":{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"ecr:ListImages","Resource":"${arn}"} }`
  await admin.api.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }))
  const got = await admin.api.send(new GetRepositoryPolicyCommand({ repositoryName }))
  assert.equal(got.policyText, policyText)
  const gone = await admin.api.send(new DeleteRepositoryPolicyCommand({ repositoryName }))
  assert.equal(gone.policyText, policyText)
  const again = await outcomeOf(
    admin.api.send(new DeleteRepositoryPolicyCommand({ repositoryName })),
  )
  assert.match(again, /^RepositoryPolicyNotFoundException/)
})

test('principals are shown as they are called now, and by their ids when they are gone', async (t) => {
  const world = await open(t)
  await world.addRole(own, 'AROAONE', 'one')
  await world.addRole(own, 'AROATWO', 'two')
  const role = (name: string): string => `arn:aws:iam::${own}:role/${name}`
  const Condition = { ArnLike: { 'aws:PrincipalArn': role('one') } }
  await world.setPolicy(
    repositoryName,
    statement({ Principal: { AWS: [role('one'), role('two')] }, Condition }),
  )
  await world.deleteRole('AROAONE')
  await world.change((tx) => tx.run(`UPDATE roles SET path = '/ci/' WHERE id = 'AROATWO'`))
  const got = await world.admin.api.send(new GetRepositoryPolicyCommand({ repositoryName }))
  assert.equal(
    got.policyText,
    JSON.stringify(statement({ Principal: { AWS: ['AROAONE', role('ci/two')] }, Condition })),
  )
})

test('a policy under which its author could not set another is refused, or forced; root mends it', async (t) => {
  const world = await open(t)
  const shut = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: '*', Action: '*' }],
  }
  assert.match(
    await set(world.admin.api, shut),
    /^InvalidParameterException: .*could not set another/,
  )
  assert.equal(await set(world.admin.api, shut, true), 'allowed')
  for (const attempt of [
    await set(world.admin.api, statement({}), true),
    await outcomeOf(world.admin.api.send(new DeleteRepositoryPolicyCommand({ repositoryName }))),
  ]) {
    assert.match(
      attempt,
      /^AccessDeniedException: .* with an explicit deny in a resource-based policy$/,
    )
  }
  const root = await world.root(own)
  const denied = await outcomeOf(
    root.api.send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: 'x' }] })),
  )
  assert.match(denied, /explicit deny/)
  await root.api.send(new DeleteRepositoryPolicyCommand({ repositoryName }))
  assert.equal(await set(world.admin.api, statement({})), 'allowed')
})

test('the root of another account mends nothing here', async (t) => {
  const world = await open(t)
  const far = await world.root(other)
  const call = new SetRepositoryPolicyCommand({
    registryId: own,
    repositoryName,
    policyText: JSON.stringify(statement({})),
    force: true,
  })
  assert.match(await outcomeOf(far.api.send(call)), /no resource-based policy allows/)
})

test('the registry’s policy is for its own repositories, and counts beside each one’s', async (t) => {
  const world = await open(t)
  const { api } = world.admin
  const put = async (policy: object): Promise<string> =>
    outcomeOf(api.send(new PutRegistryPolicyCommand({ policyText: JSON.stringify(policy) })))
  const far = `arn:aws:ecr:us-east-1:${other}:repository/*`
  const here = `arn:aws:ecr:us-east-1:${own}:repository/*`
  const grant = { Principal: { AWS: other }, Action: ['ecr:BatchGetImage'] }
  assert.match(
    await put(statement({ ...grant, Resource: far })),
    /'Invalid registry policy provided' \(line 1, column \d+: /,
  )
  const none = await outcomeOf(api.send(new GetRegistryPolicyCommand({})))
  assert.equal(
    none,
    `RegistryPolicyNotFoundException: Registry policy does not exist in the registry with id '${own}'`,
  )
  const foreigner = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  const path = `/v2/${own}/${repositoryName}/manifests/none`
  expectRefusal(await foreigner.send('GET', path), 404, 'NAME_UNKNOWN')
  assert.equal(await put(statement({ ...grant, Resource: here })), 'allowed')
  expectRefusal(await foreigner.send('GET', path), 404, 'MANIFEST_UNKNOWN')
  await api.send(new PutAccountSettingCommand({ name: 'REGISTRY_POLICY_SCOPE', value: 'V1' }))
  expectRefusal(await foreigner.send('GET', path), 404, 'NAME_UNKNOWN')
  assert.match(
    await put(statement({ ...grant, Resource: here })),
    /'Invalid registry policy provided' \(line 1, column \d+: /,
  )
  await api.send(new DeleteRegistryPolicyCommand({}))
  assert.match(
    await outcomeOf(api.send(new GetRegistryPolicyCommand({}))),
    /^RegistryPolicyNotFound/,
  )
})

test('account settings have values of their own, and a condition key', async (t) => {
  const world = await open(t)
  const { api } = world.admin
  const get = async (
    name: 'BLOB_MOUNTING' | 'REGISTRY_POLICY_SCOPE',
  ): Promise<string | undefined> => (await api.send(new GetAccountSettingCommand({ name }))).value
  assert.equal(await get('REGISTRY_POLICY_SCOPE'), 'V2')
  assert.equal(await get('BLOB_MOUNTING'), 'ENABLED')
  for (const [name, value] of [
    ['BLOB_MOUNTING', 'MAYBE'],
    ['NO_SUCH', 'V1'],
    ['constructor', 'V1'],
  ] as const) {
    const refused = await outcomeOf(api.send(new PutAccountSettingCommand({ name, value })))
    assert.match(refused, /^ValidationException: /, name)
  }
  const dev = await world.user(own, 'AIDADEV')
  await world.put('AIDADEV', 'settings', {
    Effect: 'Allow',
    Action: 'ecr:GetAccountSetting',
    Resource: '*',
    Condition: { StringEquals: { 'ecr:AccountSetting': 'BLOB_MOUNTING' } },
  })
  await dev.api.send(new GetAccountSettingCommand({ name: 'BLOB_MOUNTING' }))
  const another = await outcomeOf(
    dev.api.send(new GetAccountSettingCommand({ name: 'REGISTRY_POLICY_SCOPE' })),
  )
  assert.match(another, /^AccessDeniedException/)
})

test('with mounting off, a mount is the start of an upload', async (t) => {
  const world = await open(t)
  await world.createRepository('team/other')
  const bytes = Buffer.from('layer')
  const started = await world.admin.send('POST', '/v2/team/other/blobs/uploads/')
  const location = header(started, 'location')
  const digest = digestOf(bytes)
  expectStatus(await world.admin.send('PUT', `${location}?digest=${digest}`, { body: bytes }), 201)
  const mount = `/v2/${repositoryName}/blobs/uploads/?mount=${digest}&from=team/other`
  await world.admin.api.send(
    new PutAccountSettingCommand({ name: 'BLOB_MOUNTING', value: 'DISABLED' }),
  )
  expectStatus(await world.admin.send('POST', mount), 202)
  await world.admin.api.send(
    new PutAccountSettingCommand({ name: 'BLOB_MOUNTING', value: 'ENABLED' }),
  )
  expectStatus(await world.admin.send('POST', mount), 201)
})

test('conditions on the tag that is pushed or pulled hold through both doors', async (t) => {
  const world = await open(t)
  await world.setPolicy(repositoryName, {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 'ecr:PutImage',
        Condition: { StringLike: { 'pratique:Tag': 'release-*' } },
      },
    ],
  })
  const { admin } = world
  expectStatus(await putManifest(admin, repositoryName, 'v1'), 201)
  expectRefusal(await putManifest(admin, repositoryName, 'release-1'), 403, 'DENIED')
  const imageManifest = JSON.stringify(indexOf([], { annotations: { a: 'b' } }))
  const put = (imageTag: string): Promise<string> =>
    outcomeOf(admin.api.send(new PutImageCommand({ repositoryName, imageManifest, imageTag })))
  assert.match(await put('release-2'), /^AccessDeniedException/)
  assert.equal(await put('v2'), 'allowed')
})

test('two tags of a repository whose keys differ in case alone are refused: conditions could not tell them apart', async (t) => {
  const { admin } = await open(t)
  const tag = (...keys: readonly string[]): Promise<string> =>
    outcomeOf(
      admin.api.send(
        new TagResourceCommand({
          resourceArn: arn,
          tags: keys.map((Key) => ({ Key, Value: 'x' })),
        }),
      ),
    )
  assert.match(await tag('Team', 'team'), /^InvalidTagParameterException/)
  assert.equal(await tag('Team'), 'allowed')
  assert.match(await tag('TEAM'), /^InvalidTagParameterException/)
})
