// What a client may send by mistake or on purpose, and the answer in the protocol's own form.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { startServer, type ServerProcess } from '../kit/server-process.ts'

interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

async function serverWithRepository(t: TestContext): Promise<ServerProcess> {
  const server = await startServer(t)
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  return server
}

function basic(server: ServerProcess): string {
  return `Basic ${Buffer.from(`${server.accessKeyId}:${server.secretAccessKey}`).toString('base64')}`
}

async function send(
  server: ServerProcess,
  method: string,
  path: string,
  options: { readonly body?: string; readonly headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: basic(server), ...options.headers },
    ...(options.body === undefined ? {} : { body: options.body }),
  })
}

async function refusalOf(response: Response): Promise<Refusal> {
  const body: unknown = await response.json()
  const parsed = body as { errors: [{ code: string; message: string }] }
  return { status: response.status, ...parsed.errors[0] }
}

async function putManifest(server: ServerProcess, body: string, tag = 'v1'): Promise<Refusal> {
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
  return refusalOf(await send(server, 'PUT', `/v2/app/manifests/${tag}`, { body, headers }))
}

const absent = `sha256:${'0'.repeat(64)}`

function manifestOf(members: object): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: absent, size: 2 },
    layers: [],
    ...members,
  })
}

test('a wrong digest is refused, names the right one, and leaves nothing', async (t) => {
  const server = await serverWithRepository(t)
  const path = `/v2/app/blobs/uploads/?digest=${absent}`
  const refused = await refusalOf(await send(server, 'POST', path, { body: 'content' }))
  const right = createHash('sha256').update('content').digest('hex')
  assert.equal(refused.status, 400)
  assert.equal(refused.code, 'DIGEST_INVALID')
  assert.match(refused.message, new RegExp(right))
  assert.equal((await send(server, 'HEAD', `/v2/app/blobs/sha256:${right}`)).status, 404)
})

test('manifests are refused for what is wrong with them', async (t) => {
  const server = await serverWithRepository(t)
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['{', 'MANIFEST_INVALID', /is not JSON/],
    [manifestOf({ layers: 'x' }), 'MANIFEST_INVALID', /layers is not a list/],
    [manifestOf({ manifests: [] }), 'MANIFEST_INVALID', /both "manifests" and "config"/],
    [
      manifestOf({}).replace('"layers"', '"Layers"'),
      'MANIFEST_INVALID',
      /"Layers", which some clients read as "layers"/,
    ],
    [manifestOf({}).replace('{', '{"schemaVersion":2,'), 'MANIFEST_INVALID', /twice/],
    [manifestOf({ mediaType: 'text/html' }), 'MANIFEST_INVALID', /the manifest says mediaType/],
    ['['.repeat(100_000), 'MANIFEST_INVALID', /nested deeper than 32/],
    [manifestOf({}), 'MANIFEST_BLOB_UNKNOWN', new RegExp(absent)],
  ]
  for (const [body, code, message] of cases) {
    const refused = await putManifest(server, body)
    assert.deepEqual([refused.status, refused.code], [400, code], body.slice(0, 80))
    assert.match(refused.message, message)
  }
})

test('a manifest of 5 MiB is refused with 413, one byte above 4 MiB too', async (t) => {
  const server = await serverWithRepository(t)
  for (const size of [5 * 1024 * 1024, 4 * 1024 * 1024 + 1]) {
    const refused = await putManifest(server, manifestOf({ annotations: { a: 'x'.repeat(size) } }))
    assert.deepEqual([refused.status, refused.code], [413, 'MANIFEST_INVALID'])
  }
})

test('names, tags and digests outside their grammar are refused with their code', async (t) => {
  const server = await serverWithRepository(t)
  const cases: readonly (readonly [string, number, string])[] = [
    ['/v2/App/tags/list', 400, 'NAME_INVALID'],
    ['/v2/a..b/tags/list', 400, 'NAME_INVALID'],
    [`/v2/${'a'.repeat(257)}/tags/list`, 400, 'NAME_INVALID'],
    ['/v2/app/manifests/-x', 400, 'TAG_INVALID'],
    [`/v2/app/manifests/${'x'.repeat(129)}`, 400, 'TAG_INVALID'],
    ['/v2/app/manifests/sha256:ABC', 400, 'DIGEST_INVALID'],
    ['/v2/app/blobs/md5:d41d8cd98f00b204e9800998ecf8427e', 400, 'DIGEST_INVALID'],
    ['/v2/absent/tags/list', 404, 'NAME_UNKNOWN'],
    ['/v2/app/tags/list?n=-1', 400, 'PAGINATION_NUMBER_INVALID'],
    ['/v2/app/%2e%2e/secret', 404, 'UNSUPPORTED'],
  ]
  for (const [path, status, code] of cases) {
    const refused = await refusalOf(await send(server, 'GET', path))
    assert.deepEqual([refused.status, refused.code], [status, code], path)
    assert.ok(refused.message.length > 10)
  }
})

test('an expired, altered or missing token is 401 with a challenge', async (t) => {
  const server = await serverWithRepository(t)
  const altered = Buffer.from(`AWS:${'A'.repeat(200)}`).toString('base64')
  for (const authorization of [`Basic ${altered}`, 'Basic !!!', 'Bearer abc', '']) {
    const response = await send(server, 'GET', '/v2/app/tags/list', { headers: { authorization } })
    assert.equal(response.status, 401)
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm="http/)
    assert.equal((await refusalOf(response)).code, 'UNAUTHORIZED')
  }
})

test('the API refuses in its own form: no signature, malformed JSON, unknown operation', async (t) => {
  const server = await serverWithRepository(t)
  const target = { 'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories' }
  const unsigned = await fetch(server.url, { method: 'POST', headers: target, body: '{}' })
  assert.equal(unsigned.status, 400)
  assert.equal(unsigned.headers.get('x-amzn-errortype'), 'MissingAuthenticationTokenException')
  const { __type: type } = (await unsigned.json()) as { __type: string }
  assert.equal(type, 'MissingAuthenticationTokenException')
})

test('a body that breaks off is kept as far as it came, and the rest can follow', async (t) => {
  const server = await serverWithRepository(t)
  const opened = await send(server, 'POST', '/v2/app/blobs/uploads/')
  const location = opened.headers.get('location') ?? ''
  await sendPart(server, location, 'first half ', 1000)
  const status = await waitForSize(server, location, 11)
  assert.equal(status.headers.get('range'), '0-10')
  const digest = `sha256:${createHash('sha256').update('first half second half').digest('hex')}`
  const closed = await send(server, 'PUT', `${location}?digest=${digest}`, { body: 'second half' })
  assert.equal(closed.status, 201)
  const pulled = await send(server, 'GET', `/v2/app/blobs/${digest}`)
  assert.equal(await pulled.text(), 'first half second half')
})

/** Announces `length` bytes, sends fewer, and hangs up. */
async function sendPart(
  server: ServerProcess,
  location: string,
  content: string,
  length: number,
): Promise<void> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  const head = `PATCH ${location} HTTP/1.1\r\nHost: ${server.host}\r\nAuthorization: ${basic(server)}\r\nContent-Length: ${length}\r\n\r\n`
  await new Promise<void>((resolve) => {
    socket.write(head + content, () => setTimeout(resolve, 300))
  })
  socket.destroy()
}

async function waitForSize(
  server: ServerProcess,
  location: string,
  size: number,
): Promise<Response> {
  for (let attempt = 0; ; attempt += 1) {
    const status = await send(server, 'GET', location)
    if (status.headers.get('range') === `0-${size - 1}` || attempt > 50) return status
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
