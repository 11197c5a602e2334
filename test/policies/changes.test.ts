// What was allowed when a request began, and is not when it would count.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { digestOf } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import { expectRefusal, expectStatus, header, indexOf } from '../conformance/client.ts'
import { administratorAccess } from '../kit/identities.ts'
import { openWorld, own, type Caller, type World } from './world.ts'

const repository = 'team/app'

async function withPusher(t: Parameters<typeof openWorld>[0]): Promise<readonly [World, Caller]> {
  const world = await openWorld(t)
  await world.createRepository(repository)
  const dev = await world.user(own, 'AIDADEV')
  await world.attach('AIDADEV', administratorAccess)
  return [world, dev]
}

/** Waits until the body is wanted, sends half of it, lets `between` happen, and sends the rest. */
async function sendSlowly(
  world: World,
  sent: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: Buffer
  },
  between: () => Promise<void>,
): Promise<number> {
  const { method, path, body } = sent
  const length = { 'content-length': String(body.byteLength), expect: '100-continue' }
  const headers = { ...sent.headers, ...length }
  const outgoing = request(world.server.url, { method, path, headers, agent: false })
  const answered = new Promise<number>((resolve, reject) => {
    outgoing.on('response', (incoming) => {
      incoming.resume()
      resolve(incoming.statusCode ?? 0)
    })
    outgoing.on('error', reject)
  })
  // The server asks for the body once it has judged the request.
  await new Promise<void>((resolve) => {
    outgoing.once('continue', resolve)
    outgoing.flushHeaders()
  })
  const half = Math.floor(body.byteLength / 2)
  outgoing.write(body.subarray(0, half))
  await between()
  outgoing.end(body.subarray(half))
  return answered
}

test('a policy that changes in the middle of an upload denies its end', async (t) => {
  const [world, dev] = await withPusher(t)
  const started = expectStatus(await dev.send('POST', `/v2/${repository}/blobs/uploads/`), 202)
  const location = header(started, 'location')
  const body = Buffer.alloc(1000, 'x')
  expectStatus(await dev.send('PATCH', location, { body }), 202)
  await world.detach('AIDADEV', administratorAccess)
  const digest = digestOf(body)
  expectRefusal(await dev.send('PUT', `${location}?digest=${digest}`), 404, 'NAME_UNKNOWN')
  await world.attach('AIDADEV', administratorAccess)
  expectStatus(await dev.send('PUT', `${location}?digest=${digest}`), 201)
})

test('a right that goes while the body is on its way is gone when the body has come', async (t) => {
  const [world, dev] = await withPusher(t)
  const headers = dev.headers
  const body = Buffer.from(JSON.stringify(indexOf([], { annotations: { a: 'x'.repeat(500) } })))
  const put = {
    method: 'PUT',
    path: `/v2/${repository}/manifests/v1`,
    headers: { ...headers, 'content-type': mediaTypes.ociIndex },
    body,
  }
  const blob = Buffer.alloc(2000, 'y')
  const whole = {
    method: 'POST',
    path: `/v2/${repository}/blobs/uploads/?digest=${digestOf(blob)}`,
    headers,
    body: blob,
  }
  for (const sent of [put, whole]) {
    const status = await sendSlowly(world, sent, () => world.detach('AIDADEV', administratorAccess))
    assert.equal(status, 404, sent.method)
    await world.attach('AIDADEV', administratorAccess)
  }
  expectStatus(await world.admin.send('GET', `/v2/${repository}/manifests/v1`), 404)
  expectStatus(await world.admin.send('GET', `/v2/${repository}/blobs/${digestOf(blob)}`), 404)
  // What changes for others is judged again and changes nothing.
  const status = await sendSlowly(world, put, () => world.addRole(own, 'AROAX', 'x'))
  assert.equal(status, 201)
})

test('a repository that is deleted and made again while a push is on its way takes nothing of it', async (t) => {
  const [world, dev] = await withPusher(t)
  await world.put('AIDADEV', 'only', {
    Effect: 'Allow',
    Action: 'ecr:*',
    Resource: '*',
    Condition: { StringEquals: { 'ecr:ResourceTag/team': 'blue' } },
  })
  await world.detach('AIDADEV', administratorAccess)
  await world.change((tx) =>
    tx.run(`INSERT INTO repository_tags SELECT id, 'team', 'blue' FROM repositories`),
  )
  const body = Buffer.from(JSON.stringify(indexOf([], { annotations: { a: 'x'.repeat(500) } })))
  const headers = { ...dev.headers, 'content-type': mediaTypes.ociIndex }
  const path = `/v2/${repository}/manifests/v1`
  const status = await sendSlowly(world, { method: 'PUT', path, headers, body }, async () => {
    await world.change((tx) => tx.run(`DELETE FROM repositories WHERE name = $1`, [repository]))
    await world.createRepository(repository)
  })
  assert.equal(status, 404)
  expectStatus(await world.admin.send('GET', path), 404)
})

test('an upload is its beginner’s, and ended by others only if they may delete images', async (t) => {
  const [world, dev] = await withPusher(t)
  const started = expectStatus(await dev.send('POST', `/v2/${repository}/blobs/uploads/`), 202)
  const location = header(started, 'location')
  const peer = await world.user(own, 'AIDAPEER')
  const push = ['ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload']
  await world.put('AIDAPEER', 'push', { Effect: 'Allow', Action: push, Resource: '*' })
  for (const method of ['GET', 'PATCH', 'DELETE']) {
    expectStatus(await peer.send(method, location), 404)
  }
  expectStatus(await dev.send('GET', location), 204)
  await world.put('AIDAPEER', 'delete', {
    Effect: 'Allow',
    Action: 'ecr:BatchDeleteImage',
    Resource: '*',
  })
  expectStatus(await peer.send('DELETE', location), 204)
  expectStatus(await dev.send('GET', location), 404)
})
