// "This policy lets the CI role push and nobody else, an administrator included", through both doors.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BatchCheckLayerAvailabilityCommand,
  BatchGetImageCommand,
  InitiateLayerUploadCommand,
  PutImageCommand,
} from '@aws-sdk/client-ecr'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { expectRefusal, expectStatus, header, indexOf } from '../conformance/client.ts'
import { administratorAccess, policyText } from '../kit/identities.ts'
import {
  openWorld,
  other,
  outcomeOf,
  own,
  putManifest,
  signIn,
  type Caller,
  type World,
} from './world.ts'

const repository = 'team/app'
const arn = `arn:aws:ecr:us-east-1:${own}:repository/${repository}`
const ciRole = `arn:aws:iam::${own}:role/CIDeploymentRole`
const powerUser = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser'
const absentLayer = `sha256:${'a'.repeat(64)}`

const seedPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: ciRole },
      Action: [
        'ecr:PutImage',
        'ecr:InitiateLayerUpload',
        'ecr:UploadLayerPart',
        'ecr:CompleteLayerUpload',
      ],
      Resource: '*',
    },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 'ecr:PutImage',
      Condition: { ArnNotLike: { 'aws:PrincipalArn': ciRole } },
    },
  ],
}

const byPolicy = 'with an explicit deny in a resource-based policy'
const byNobody = (action: string): string =>
  `because no identity-based policy allows the ${action} action`

/** `allowed`, or how the refusal ends. */
type Expected = string

interface Row {
  readonly who: string
  readonly principal: string
  readonly caller: (world: World) => Promise<Caller>
  readonly push: Expected
  readonly upload: Expected
  readonly check: Expected
  readonly pull: Expected
}

const sessionArn = (role: string): string => `arn:aws:sts::${own}:assumed-role/${role}/run`

const rows: readonly Row[] = [
  {
    who: 'a session of the CI role, with this policy alone',
    principal: sessionArn('CIDeploymentRole'),
    caller: (world) => world.session('AROACI'),
    push: 'allowed',
    upload: 'allowed',
    check: byNobody('ecr:BatchCheckLayerAvailability'),
    pull: byNobody('ecr:BatchGetImage'),
  },
  {
    who: 'the same whose session policy leaves pushes out',
    principal: sessionArn('CIDeploymentRole'),
    caller: (world) => {
      const rest = { Effect: 'Allow', NotAction: 'ecr:PutImage', Resource: '*' }
      return world.session('AROACI', [policyText(rest)])
    },
    push: 'because no session policy allows the ecr:PutImage action',
    upload: 'allowed',
    check: byNobody('ecr:BatchCheckLayerAvailability'),
    pull: byNobody('ecr:BatchGetImage'),
  },
  {
    who: 'the administrator',
    principal: `arn:aws:iam::${own}:user/admin`,
    caller: (world) => Promise.resolve(world.admin),
    push: byPolicy,
    upload: 'allowed',
    check: 'allowed',
    pull: 'allowed',
  },
  {
    who: 'the root user',
    principal: `arn:aws:iam::${own}:root`,
    caller: (world) => world.root(own),
    push: byPolicy,
    upload: 'allowed',
    check: 'allowed',
    pull: 'allowed',
  },
  {
    who: 'a session of another role that may do everything',
    principal: sessionArn('Other'),
    caller: (world) => world.session('AROAOTHER'),
    push: byPolicy,
    upload: 'allowed',
    check: 'allowed',
    pull: 'allowed',
  },
  {
    who: 'a session of a role of the same name below a path',
    principal: sessionArn('CIDeploymentRole2'),
    caller: (world) => world.session('AROAPATH'),
    push: byPolicy,
    upload: 'allowed',
    check: 'allowed',
    pull: 'allowed',
  },
]

async function seeded(t: Parameters<typeof openWorld>[0]): Promise<World> {
  const world = await openWorld(t)
  await world.createRepository(repository)
  await world.addRole(own, 'AROACI', 'CIDeploymentRole')
  await world.put('AROACI', 'sign-in', signIn)
  await world.addRole(own, 'AROAOTHER', 'Other')
  await world.attach('AROAOTHER', administratorAccess)
  await world.addRole(own, 'AROAPATH', 'CIDeploymentRole2', '/ci/')
  await world.attach('AROAPATH', administratorAccess)
  await world.setPolicy(repository, seedPolicy)
  return world
}

function sentence(row: Row, action: string, expected: Expected): string {
  return `User: ${row.principal} is not authorized to perform: ${action} on resource: ${arn} ${expected}`
}

const imageManifest = JSON.stringify(indexOf([]))

test('the seed policy holds through the ECR API, caller by caller', async (t) => {
  const world = await seeded(t)
  for (const row of rows) {
    await t.test(row.who, async () => {
      const { api } = await row.caller(world)
      const target = { repositoryName: repository }
      const calls = [
        [
          'ecr:PutImage',
          row.push,
          api.send(
            new PutImageCommand({ ...target, imageManifest, imageTag: row.who.length.toString() }),
          ),
        ],
        ['ecr:InitiateLayerUpload', row.upload, api.send(new InitiateLayerUploadCommand(target))],
        [
          'ecr:BatchCheckLayerAvailability',
          row.check,
          api.send(
            new BatchCheckLayerAvailabilityCommand({ ...target, layerDigests: [absentLayer] }),
          ),
        ],
        [
          'ecr:BatchGetImage',
          row.pull,
          api.send(new BatchGetImageCommand({ ...target, imageIds: [{ imageTag: 'x' }] })),
        ],
      ] as const
      for (const [action, expected, call] of calls) {
        const wanted =
          expected === 'allowed'
            ? expected
            : `AccessDeniedException: ${sentence(row, action, expected)}`
        assert.equal(await outcomeOf(call), wanted)
      }
    })
  }
})

test('the seed policy holds through /v2, caller by caller', async (t) => {
  const world = await seeded(t)
  for (const row of rows) {
    await t.test(row.who, async () => {
      const caller = await row.caller(world)
      const pushed = await putManifest(caller, repository, `v2-${row.who.length}`)
      if (row.push === 'allowed') expectStatus(pushed, 201)
      else {
        expectRefusal(pushed, 403, 'DENIED')
        assert.match(pushed.body.toString(), new RegExp(row.push))
        assert.ok(pushed.body.toString().includes(sentence(row, 'ecr:PutImage', row.push)))
      }
      const started = await caller.send('POST', `/v2/${repository}/blobs/uploads/`)
      assert.equal(started.status, row.upload === 'allowed' ? 202 : 403)
      // Whose push cannot end well is told before the layers are sent.
      const early =
        row.push === 'allowed' ? '' : `299 - "${sentence(row, 'ecr:PutImage', row.push)}"`
      assert.equal(header(started, 'warning'), early)
      const head = await caller.send('HEAD', `/v2/${repository}/blobs/${absentLayer}`)
      assert.equal(head.status, row.check === 'allowed' ? 404 : 403)
      const told =
        row.check === 'allowed'
          ? ''
          : `299 - "${sentence(row, 'ecr:BatchCheckLayerAvailability', row.check)}"`
      assert.equal(header(head, 'warning'), told)
      const pulled = await caller.send('GET', `/v2/${repository}/manifests/none`)
      assert.equal(pulled.status, row.pull === 'allowed' ? 404 : 403)
    })
  }
})

test('another account is refused by the same words, and over /v2 is told nothing', async (t) => {
  const world = await seeded(t)
  const foreigner = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  const target = { registryId: own, repositoryName: repository }
  const denied = await outcomeOf(
    foreigner.api.send(new PutImageCommand({ ...target, imageManifest, imageTag: 'x' })),
  )
  assert.equal(
    denied,
    `AccessDeniedException: User: arn:aws:iam::${other}:user/aidafar is not authorized to perform: ecr:PutImage on resource: ${arn} ${byPolicy}`,
  )
  const started = await outcomeOf(foreigner.api.send(new InitiateLayerUploadCommand(target)))
  assert.match(
    started,
    /because no resource-based policy allows the ecr:InitiateLayerUpload action$/,
  )
  expectRefusal(await putManifest(foreigner, repository, 'x'), 404, 'NAME_UNKNOWN')
})

test('nobody in particular is asked who it is', async (t) => {
  const world = await seeded(t)
  expectRefusal(await putManifest(world.nobody, repository, 'x'), 401, 'UNAUTHORIZED')
  expectStatus(await world.nobody.send('GET', `/v2/${repository}/manifests/v1`), 401)
})

test('a whole push needs the checks that clients make, or a registry that answers them with 404', async (t) => {
  const world = await openWorld(t, { PRATIQUE_DENIED_HEAD: '404' })
  await world.createRepository(repository)
  await world.addRole(own, 'AROACI', 'CIDeploymentRole')
  await world.put('AROACI', 'sign-in', signIn)
  await world.setPolicy(repository, seedPolicy)
  const ci = await world.session('AROACI')
  for (const path of [`blobs/${absentLayer}`, 'manifests/v1']) {
    const head = await ci.send('HEAD', `/v2/${repository}/${path}`)
    assert.equal(head.status, 404)
    assert.equal(header(head, 'warning'), '')
  }
  expectStatus(await putManifest(ci, repository, 'v1'), 201)
  // What is there looks like what is not.
  assert.equal((await ci.send('HEAD', `/v2/${repository}/manifests/v1`)).status, 404)
  expectRefusal(await ci.send('GET', `/v2/${repository}/manifests/v1`), 403, 'DENIED')
})

test('with the actions that clients need beside the policy, the CI role pushes', async (t) => {
  const world = await seeded(t)
  await world.attach('AROACI', powerUser)
  const ci = await world.session('AROACI')
  assert.equal((await ci.send('HEAD', `/v2/${repository}/blobs/${absentLayer}`)).status, 404)
  expectStatus(await putManifest(ci, repository, 'v1'), 201)
  const got = expectStatus(await ci.send('GET', `/v2/${repository}/manifests/v1`), 200)
  assert.equal(header(got, 'content-type'), mediaTypes.ociIndex)
})

test('the role deleted and made again is no longer let in, and still not kept out', async (t) => {
  const world = await seeded(t)
  await world.deleteRole('AROACI')
  await world.addRole(own, 'AROANEW', 'CIDeploymentRole')
  await world.put('AROANEW', 'sign-in', signIn)
  const ci = await world.session('AROANEW')
  const refused = await putManifest(ci, repository, 'v1')
  // No right in the repository at all: it is not even there.
  expectRefusal(refused, 404, 'NAME_UNKNOWN')
  const denied = await outcomeOf(
    ci.api.send(new PutImageCommand({ repositoryName: repository, imageManifest, imageTag: 'x' })),
  )
  assert.ok(denied.endsWith(byNobody('ecr:PutImage')), denied)
})
