// Who has no right in a repository is not told that there is one; who has one sees that and nothing else.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  BatchGetImageCommand,
  DescribeRepositoriesCommand,
  GetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr'
import { digestOf } from '../../src/oci/digest.ts'
import { expectRefusal, expectStatus, header, jsonOf, type Answer } from '../conformance/client.ts'
import { administratorAccess } from '../kit/identities.ts'
import { openWorld, other, outcomeOf, own, signIn, type Caller, type World } from './world.ts'

const digest = `sha256:${'a'.repeat(64)}`

/** All that a client sees, with the name and what differs from one request to the next taken out. */
function seen({ status, headers, body }: Answer, name: string): string {
  const { date: _, 'x-amzn-requestid': __, ...rest } = headers
  return JSON.stringify([status, rest, body.toString()]).replaceAll(name, 'NAME')
}

const requests = [
  ['GET', 'manifests/v1'],
  ['HEAD', 'manifests/v1'],
  ['GET', `blobs/${digest}`],
  ['HEAD', `blobs/${digest}`],
  ['DELETE', `blobs/${digest}`],
  ['GET', 'tags/list'],
  ['GET', `referrers/${digest}`],
  ['PUT', 'manifests/v1'],
  ['DELETE', 'manifests/v1'],
  ['POST', 'blobs/uploads/'],
  ['POST', `blobs/uploads/?mount=${digest}&from=team/x`],
  ['PATCH', 'blobs/uploads/0b5f1f5c-7c0e-4a43-9b64-0d4e7c1f3a10'],
  ['DELETE', 'blobs/uploads/0b5f1f5c-7c0e-4a43-9b64-0d4e7c1f3a10'],
  ['GET', '_oci/ext/discover'],
] as const

async function expectBlind(caller: Caller, prefix: string): Promise<void> {
  for (const [method, path] of requests) {
    const [there, missing] = [`${prefix}team/app`, `${prefix}team/xyz`]
    const first = await caller.send(method, `/v2/${there}/${path}`)
    const second = await caller.send(method, `/v2/${missing}/${path}`)
    assert.equal(seen(first, 'team/app'), seen(second, 'team/xyz'), `${method} ${path}`)
    assert.ok(first.status === 404 || first.status === 401, `${method} ${path}: ${first.status}`)
  }
}

async function withRepository(t: TestContext): Promise<World> {
  const world = await openWorld(t)
  await world.createRepository('team/app')
  return world
}

test('a repository that is there looks to strangers like one that is not, byte for byte', async (t) => {
  const world = await withRepository(t)
  await expectBlind(await world.user(own, 'AIDADEV'), '')
  const foreigner = await world.user(other, 'AIDAFAR')
  await world.attach('AIDAFAR', administratorAccess)
  await expectBlind(foreigner, `${own}/`)
  await expectBlind(world.nobody, '')
})

test('the API says the same of both: not authorized', async (t) => {
  const world = await withRepository(t)
  const { api } = await world.user(own, 'AIDADEV')
  const ask = async (repositoryName: string): Promise<readonly string[]> => [
    await outcomeOf(api.send(new GetRepositoryPolicyCommand({ repositoryName }))),
    await outcomeOf(
      api.send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] })),
    ),
    await outcomeOf(
      api.send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: 'v1' }] })),
    ),
  ]
  const there = await ask('team/app')
  const missing = await ask('team/xyz')
  assert.deepEqual(
    there.map((text) => text.replaceAll('team/app', 'NAME')),
    missing.map((text) => text.replaceAll('team/xyz', 'NAME')),
  )
  for (const text of there) assert.match(text, /^AccessDeniedException: /)
})

test('one right in a repository is enough to be told why another is missing', async (t) => {
  const world = await withRepository(t)
  const dev = await world.user(own, 'AIDADEV')
  const resource = `arn:aws:ecr:us-east-1:${own}:repository/team/app`
  await world.put('AIDADEV', 'list', {
    Effect: 'Allow',
    Action: 'ecr:ListImages',
    Resource: resource,
  })
  expectStatus(await dev.send('GET', '/v2/team/app/tags/list'), 200)
  expectRefusal(await dev.send('GET', '/v2/team/app/manifests/v1'), 403, 'DENIED')
  expectRefusal(await dev.send('GET', '/v2/team/xyz/manifests/v1'), 404, 'NAME_UNKNOWN')
})

test('a list shows what the caller may see, page by page', async (t) => {
  const world = await withRepository(t)
  for (const name of [
    'a/hidden',
    'b/open',
    'c/hidden',
    'd/open',
    'e/hidden',
    'f/open',
    'g/hidden',
  ]) {
    await world.createRepository(name)
  }
  const dev = await world.user(own, 'AIDADEV')
  const all = `arn:aws:ecr:us-east-1:${own}:repository`
  const denied = await outcomeOf(dev.api.send(new DescribeRepositoriesCommand({})))
  assert.match(
    denied,
    /^AccessDeniedException: .* on resource: arn:aws:ecr:us-east-1:123456789012:repository\/\* /,
  )
  assert.deepEqual(jsonOf(await dev.send('GET', '/v2/_catalog')), { repositories: [] })
  await world.put('AIDADEV', 'open', {
    Effect: 'Allow',
    Action: 'ecr:DescribeRepositories',
    Resource: `${all}/*/open`,
  })
  const first = await dev.api.send(new DescribeRepositoriesCommand({ maxResults: 2 }))
  assert.deepEqual(
    first.repositories?.map(({ repositoryName }) => repositoryName),
    ['b/open', 'd/open'],
  )
  const { nextToken } = first
  const rest = await dev.api.send(new DescribeRepositoriesCommand({ maxResults: 2, nextToken }))
  assert.deepEqual(
    rest.repositories?.map(({ repositoryName }) => repositoryName),
    ['f/open'],
  )
  assert.equal(rest.nextToken, undefined)
  const page = await dev.send('GET', '/v2/_catalog?n=2')
  assert.deepEqual(jsonOf(page), { repositories: ['b/open', 'd/open'] })
  assert.equal(page.headers['link'], '</v2/_catalog?n=2&last=d%2Fopen>; rel="next"')
  const last = await dev.send('GET', '/v2/_catalog?n=2&last=d%2Fopen')
  assert.deepEqual(jsonOf(last), { repositories: ['f/open'] })
  assert.equal(last.headers['link'], undefined)
})

test('a Deny of the list as a whole is one, and a Deny of one repository hides it', async (t) => {
  const world = await withRepository(t)
  await world.createRepository('team/secret')
  const dev = await world.user(own, 'AIDADEV')
  await world.attach('AIDADEV', administratorAccess)
  const secret = `arn:aws:ecr:us-east-1:${own}:repository/team/secret`
  const deny = { Effect: 'Deny', Action: '*', Resource: secret }
  await world.put('AIDADEV', 'secret', deny)
  const listed = await dev.api.send(new DescribeRepositoriesCommand({}))
  assert.deepEqual(
    listed.repositories?.map(({ repositoryName }) => repositoryName),
    ['team/app'],
  )
  await world.put('AIDADEV', 'secret', {
    ...deny,
    Action: 'ecr:DescribeRepositories',
    Resource: '*',
  })
  const refused = await outcomeOf(dev.api.send(new DescribeRepositoriesCommand({})))
  assert.match(refused, /with an explicit deny in an identity-based policy$/)
})

test('roles of another account pull what the central account grants them, with a token of their own or of the centre', async (t) => {
  const world = await withRepository(t)
  await world.createRepository('team/hidden')
  const pull = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:DescribeRepositories']
  await world.setPolicy('team/app', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: other }, Action: pull }],
  })
  await world.addRole(other, 'AROAFAR', 'deploy')
  await world.put('AROAFAR', 'pull', { Effect: 'Allow', Action: pull, Resource: '*' }, signIn)
  const far = await world.session('AROAFAR')
  const byHost = { headers: { host: `${own}.dkr.ecr.us-east-1.example.com` } }
  for (const [path, sent] of [
    [`/v2/${own}/team/app/manifests/none`, {}],
    ['/v2/team/app/manifests/none', byHost],
  ] as const) {
    expectRefusal(await far.send('GET', path, sent), 404, 'MANIFEST_UNKNOWN')
  }
  expectRefusal(await far.send('POST', `/v2/${own}/team/app/blobs/uploads/`), 403, 'DENIED')
  expectRefusal(await far.send('GET', `/v2/${own}/team/hidden/manifests/none`), 404, 'NAME_UNKNOWN')
  const listed = await far.api.send(new DescribeRepositoriesCommand({ registryId: own }))
  assert.deepEqual(
    listed.repositories?.map(({ repositoryName, registryId }) => [registryId, repositoryName]),
    [[own, 'team/app']],
  )
  assert.deepEqual(jsonOf(await far.send('GET', '/v2/_catalog', byHost)), {
    repositories: ['team/app'],
  })
  await world.remove('AROAFAR', 'pull')
  expectRefusal(await far.send('GET', `/v2/${own}/team/app/manifests/none`), 404, 'NAME_UNKNOWN')
})

test('a mount from a repository that may not be read begins an upload, as one from nowhere does', async (t) => {
  const world = await withRepository(t)
  await world.createRepository('team/secret')
  const bytes = Buffer.from('secret layer')
  const held = digestOf(bytes)
  const started = await world.admin.send('POST', '/v2/team/secret/blobs/uploads/')
  const location = header(started, 'location')
  expectStatus(await world.admin.send('PUT', `${location}?digest=${held}`, { body: bytes }), 201)
  const dev = await world.user(own, 'AIDADEV')
  const resource = `arn:aws:ecr:us-east-1:${own}:repository/team/app`
  await world.put('AIDADEV', 'push', { Effect: 'Allow', Action: 'ecr:*', Resource: resource })
  const mount = async (blob: string, from: string): Promise<string> => {
    const answer = await dev.send('POST', `/v2/team/app/blobs/uploads/?mount=${blob}&from=${from}`)
    const id = header(answer, 'docker-upload-uuid')
    return seen(answer, 'team/app').replaceAll(id, 'ID')
  }
  const plain = await mount(digest, 'team/app')
  for (const [blob, from] of [
    [held, 'team/secret'],
    [held, 'team/missing'],
    [digest, 'team/secret'],
  ] as const) {
    assert.equal(await mount(blob, from), plain, from)
  }
  // Nor by its digest through a repository that may be read.
  expectRefusal(await dev.send('GET', `/v2/team/app/blobs/${held}`), 404, 'BLOB_UNKNOWN')
})
