import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { CreateRepositoryCommand, DescribeRepositoriesCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../../test/kit/database.ts'
import { linesOf, memorySegments, type MemorySegments } from '../../test/kit/segments.ts'
import { openTestServer, type TestServer } from '../../test/kit/server.ts'
import { systemDrivers } from '../foundation.ts'

interface World {
  readonly server: TestServer
  readonly segments: MemorySegments
  close(): Promise<void>
  get(path: string, authorization?: string): Promise<Response>
  send(method: string, path: string, body?: string): Promise<Response>
  /** Records of requests, as they are on the disk at this moment. */
  records(): readonly Recorded[]
}

interface Recorded {
  readonly eventName: string
  readonly userIdentity: { readonly type: string; readonly accessKeyId?: string }
  readonly errorCode?: string
  readonly requestParameters: unknown
  readonly resources?: readonly { readonly ARN: string }[]
  readonly pratique: { readonly decision: string; readonly status: number; readonly door: string }
}

async function open(
  t: TestContext,
  environment: Readonly<Record<string, string>> = {},
): Promise<World> {
  const segments = memorySegments()
  const drivers = { ...systemDrivers, openSegments: () => segments }
  const server = await openTestServer(await temporaryDirectory(t), { drivers, environment })
  let isOpen = true
  const close = async (): Promise<void> => {
    if (isOpen) await server.close()
    isOpen = false
  }
  t.after(close)
  const { authorization: own } = server
  const send = async (method: string, path: string, body?: string): Promise<Response> => {
    const init = body === undefined ? {} : { body }
    return fetch(server.url + path, { method, headers: { authorization: own }, ...init })
  }
  return {
    server,
    segments,
    close,
    get: async (path, authorization = own) =>
      fetch(server.url + path, { headers: { authorization } }),
    send,
    records: () =>
      linesOf(segments)
        .filter((line) => line.startsWith('{"eventVersion"'))
        .map((line) => JSON.parse(line) as Recorded),
  }
}

/** What is not waited for is on the disk soon. */
async function eventually(
  world: World,
  holds: (all: readonly Recorded[]) => boolean,
): Promise<void> {
  for (let tries = 0; tries < 200 && !holds(world.records()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.ok(holds(world.records()), JSON.stringify(world.records(), undefined, 1))
}

const namesOf = (all: readonly Recorded[]): readonly string[] =>
  all.map(({ eventName }) => eventName)

test('a change is on the disk when its answer is there, at each door', async (t) => {
  const world = await open(t)
  await world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  assert.deepEqual(namesOf(world.records()), ['CreateRepository'])
  const put = await world.send('POST', '/pratique/v1/quotas?max-bytes=1000000')
  assert.equal(put.status, 200)
  assert.deepEqual(namesOf(world.records()).slice(-1), ['PutQuota'])
  const removed = await world.send('DELETE', '/v2/app/manifests/v1')
  assert.equal(removed.status, 404)
  const last = world.records().at(-1)
  assert.equal(last?.eventName, 'BatchDeleteImage')
  assert.equal(last.pratique.status, 404)
  assert.deepEqual(last.requestParameters, { repositoryName: 'app', imageTag: 'v1' })
})

test('reads are recorded at each door, without anybody waiting', async (t) => {
  const world = await open(t)
  await world.get('/v2/app/tags/list')
  await world.get('/pratique/v1/quotas')
  await world.get('/token?scope=repository:app:pull')
  await world.server.ecr.send(new DescribeRepositoriesCommand({}))
  const wanted = ['ListImages', 'DescribeQuotas', 'GetBearerToken', 'DescribeRepositories']
  await eventually(world, (all) => wanted.every((name) => namesOf(all).includes(name)))
})

test('refused credentials are recorded with the key that they named, a first question is not', async (t) => {
  const world = await open(t)
  const basic = Buffer.from('AKIAIOSFODNN7EXAMPLE:canary-secret').toString('base64')
  await world.get('/v2/app/tags/list', `Basic ${basic}`)
  await world.get('/v2/app/tags/list', 'Bearer canary-token')
  await fetch(`${world.server.url}/v2/`)
  await fetch(`${world.server.url}/livez`)
  await eventually(world, (all) => all.length >= 2)
  const [named, unnamed] = world.records()
  assert.deepEqual(named?.userIdentity, { type: 'Unknown', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' })
  assert.deepEqual(unnamed?.userIdentity, { type: 'Unknown' })
  assert.deepEqual(namesOf(world.records()), ['ListImages', 'ListImages'])
  assert.equal(named.pratique.decision, 'unauthenticated')
  assert.doesNotMatch(linesOf(world.segments).join('\n'), /canary/)
})

test('nobody without a key fills the disk: refusals beyond a number are counted', async (t) => {
  const world = await open(t)
  const flood = async (): Promise<void> => {
    for (let sent = 0; sent < 160; sent += 1) {
      await (await world.get('/v2/app/tags/list', 'Bearer nothing')).text()
    }
  }
  await Promise.all([flood(), flood(), flood(), flood()])
  await world.close()
  const singly = world.records().length
  const omitted = /"refusals-omitted","at":"[^"]+","count":([0-9]+)/.exec(
    linesOf(world.segments).join('\n'),
  )
  assert.ok(singly >= 600 && singly <= 640, String(singly))
  assert.equal(singly + Number(omitted?.[1] ?? 0), 640)
})

test('on a full disk each door refuses what would change something, before it is done, and reads go on', async (t) => {
  const world = await open(t)
  await world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  const begun = await world.send('POST', '/v2/app/blobs/uploads/')
  const place = begun.headers.get('location') ?? ''
  world.segments.isFull = true
  // The first change finds out: it was done, is not acknowledged, and its record is kept.
  await assert.rejects(
    world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'first' })),
    /audit log cannot be written/,
  )
  await assert.rejects(
    world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'second' })),
    /audit log cannot be written/,
  )
  const upload = await world.send('POST', '/v2/app/blobs/uploads/')
  assert.equal(upload.status, 507)
  assert.match(await upload.text(), /"errors":\[\{"code":"UNKNOWN","message":"the audit log/)
  const quota = await world.send('POST', '/pratique/v1/quotas?max-bytes=1000000')
  assert.equal(quota.status, 507)
  assert.match(await quota.text(), /audit log/)
  assert.equal((await world.get('/v2/app/tags/list')).status, 200)
  // Whoever sends an upload may still ask how far it is, with the right to go on with it.
  assert.equal((await world.get(place)).status, 204)
  const described = await world.server.ecr.send(new DescribeRepositoriesCommand({}))
  const names = (described.repositories ?? []).map(({ repositoryName }) => repositoryName)
  assert.deepEqual(names, ['app', 'first'])
  world.segments.isFull = false
  await world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'third' }))
  const recorded = world.records().map(({ requestParameters }) => JSON.stringify(requestParameters))
  assert.ok(recorded.includes('{"repositoryName":"first"}'))
  assert.match(linesOf(world.segments).join('\n'), /"kind":"records-lost"/)
})

test('a disk that fails is no full disk: the doors say that the fault is ours', async (t) => {
  const world = await open(t)
  await world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  world.segments.isFailing = true
  assert.equal((await world.send('POST', '/pratique/v1/quotas?max-bytes=1000000')).status, 500)
  assert.equal((await world.send('POST', '/pratique/v1/quotas?max-bytes=1000000')).status, 500)
  assert.equal((await world.send('DELETE', '/v2/app/manifests/v1')).status, 500)
  world.segments.isFailing = false
  assert.equal((await world.send('DELETE', '/v2/app/manifests/v1')).status, 404)
})

test('where the log is best effort a full disk refuses nothing', async (t) => {
  const world = await open(t, { PRATIQUE_AUDIT: 'best-effort' })
  world.segments.isFull = true
  await world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  assert.equal((await world.send('POST', '/v2/app/blobs/uploads/')).status, 202)
})

test('allowed reads of images are left out where the setting says so, refused ones never', async (t) => {
  const world = await open(t, { PRATIQUE_AUDIT_READS: 'denied' })
  await world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  await world.get('/v2/app/manifests/v1')
  await world.get('/v2/app/manifests/v1', 'Bearer nothing')
  await world.get('/v2/app/tags/list')
  await eventually(world, (all) => namesOf(all).includes('ListImages'))
  const pulls = world.records().filter(({ eventName }) => eventName === 'BatchGetImage')
  assert.deepEqual(
    pulls.map(({ pratique }) => pratique.decision),
    ['unauthenticated'],
  )
})

test('no secret is in the log, whichever door it was shown to', async (t) => {
  const world = await open(t)
  const secret = Buffer.from(world.server.authorization.slice(6), 'base64').toString().split(':')[1]
  assert.ok(secret !== undefined && secret.length === 40)
  const token = (await (await world.get('/token')).json()) as { readonly token: string }
  await world.get('/v2/', `Bearer ${token.token}`)
  await world.get('/pratique/v1/quotas?canary-parameter=canary')
  await world.get('/v2/app/tags/list?canary=canary')
  const form = `grant_type=password&username=AWS&password=canary-password`
  await fetch(`${world.server.url}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
  })
  const signed = `${world.server.url}/?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE/20261124/us-east-1/sts/aws4_request&X-Amz-Signature=canary`
  await fetch(signed)
  await world.server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  await world.close()
  const text = linesOf(world.segments).join('\n')
  assert.ok(world.records().length >= 6)
  for (const hidden of [secret, token.token, 'canary']) assert.ok(!text.includes(hidden))
  assert.match(text, /"tokenHash":"[0-9a-f]{12}"/)
})

test('a mount names the repository that it reads beside the one that it writes', async (t) => {
  const world = await open(t)
  for (const repositoryName of ['app', 'base']) {
    await world.server.ecr.send(new CreateRepositoryCommand({ repositoryName }))
  }
  const mount = `/v2/app/blobs/uploads/?mount=sha256:${'a'.repeat(64)}&from=base`
  assert.equal((await world.send('POST', mount)).status, 202)
  const isTold = ({ resources = [] }: Recorded): boolean =>
    resources.map(({ ARN }) => ARN.split('/')[1]).join(' ') === 'app base'
  await eventually(world, (all) => all.some(isTold))
})
