import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { test, type TestContext } from 'node:test'
import { makeCertificate } from '../../test/kit/certificate.ts'
import { missing } from '../../test/kit/run.ts'
import { createOutboundPost, type PostLimits, type PostResult } from './outbound-post.ts'

const noOpenssl = missing('openssl')
const { signal } = new AbortController()
const limits: PostLimits = { allowPrivateNetwork: false, timeoutMs: 2000 }
const inner: PostLimits = { ...limits, allowPrivateNetwork: true }

/** Resolves nothing that a test did not name, so that no test reaches the network. */
function poster(names: Readonly<Record<string, readonly string[]>> = {}) {
  const post = createOutboundPost(async (name) => Promise.resolve(names[name] ?? []))
  return async (url: string, within: PostLimits = inner): Promise<PostResult> =>
    post({ url, headers: { 'x-test': 'yes' }, body: '{}' }, within, { signal })
}

const names = {
  'inner.test': ['10.1.2.3'],
  'mixed.test': ['8.8.8.8', '127.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'outer.test': ['8.8.8.8'],
}

const refusedUnlessAllowed = [
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f.0.0.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://10.0.0.1/',
  'https://192.168.0.1/',
  'https://100.64.0.1/',
  'https://[fd12::1]/',
  'https://inner.test/',
  'https://mixed.test/',
]
const refusedAlways = [
  'https://169.254.169.254/latest/meta-data/',
  'https://[::ffff:169.254.169.254]/',
  'https://[fd00:ec2::254]/',
  'https://[fe80::1]/',
  'https://0.0.0.0/',
  'https://[::]/',
  'https://224.0.0.1/',
  'https://metadata.test/',
  'https://nowhere.test/',
  'http://outer.test/',
  'http://mixed.test/',
  'http://8.8.8.8/',
  'https://user:secret@outer.test/',
  'file:///etc/passwd',
  'ftp://outer.test/',
]
for (const url of [...refusedUnlessAllowed, ...refusedAlways]) {
  test(`sends nothing to ${url}`, async () => {
    assert.equal((await poster(names)(url, limits)).kind, 'refused')
  })
}
for (const url of refusedAlways) {
  test(`sends nothing to ${url} where private networks are allowed either`, async () => {
    assert.equal((await poster(names)(url, inner)).kind, 'refused')
  })
}

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function receiver(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  t.after(() => server.closeAllConnections())
  return `http://127.0.0.1:${await listening(t, server)}`
}

test('the body and the headers arrive, and the status comes back', async (t) => {
  const got: unknown[] = []
  const url = await receiver(t, (request, response) => {
    request.on('data', (piece: Buffer) => got.push(piece.toString()))
    request.on('end', () => {
      got.push(request.method, request.headers['x-test'], request.headers['content-length'])
      response.writeHead(429, { 'retry-after': '7' }).end('slow down')
    })
  })
  assert.deepEqual(await poster()(url), { kind: 'answered', status: 429, retryAfterSeconds: 7 })
  assert.deepEqual(got, ['{}', 'POST', 'yes', '2'])
})

test('a redirect is an answer and is not followed', async (t) => {
  let asked = 0
  const url = await receiver(t, (_, response) => {
    asked += 1
    response.writeHead(302, { location: '/there' }).end()
  })
  assert.partialDeepStrictEqual(await poster()(url), { kind: 'answered', status: 302 })
  assert.equal(asked, 1)
})

test('of an endless answer a little is read', async (t) => {
  const url = await receiver(t, (_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'.repeat(8192)), 1)
    response.on('close', () => clearInterval(timer))
  })
  assert.partialDeepStrictEqual(await poster()(url), { kind: 'answered', status: 200 })
})

test('who says nothing is waited for no longer than the time', async (t) => {
  const url = await receiver(t, () => undefined)
  const result = await poster()(url, { ...inner, timeoutMs: 100 })
  assert.deepEqual(result, { kind: 'failed', reason: 'no whole answer in time' })
  const never = createOutboundPost(() => new Promise(() => undefined))
  const message = { url: 'https://x.test/', headers: {}, body: '' }
  assert.equal((await never(message, { ...inner, timeoutMs: 50 }, { signal })).kind, 'failed')
})

test('nobody who listens is a failure with its reason', async () => {
  const result = await poster()('http://127.0.0.1:1/')
  assert.ok(result.kind === 'failed')
  assert.match(result.reason, /ECONNREFUSED/)
})

test('a name is resolved once: what it says the second time leads nowhere', async (t) => {
  const url = await receiver(t, (_, response) => response.end())
  let calls = 0
  const post = createOutboundPost(async () => {
    calls += 1
    return Promise.resolve([calls === 1 ? '127.0.0.1' : '169.254.169.254'])
  })
  const { port } = new URL(url)
  const message = { url: `http://rebind.test:${port}/`, headers: {}, body: '' }
  const result = await post(message, inner, { signal })
  assert.partialDeepStrictEqual(result, { kind: 'answered', status: 200 })
  assert.equal(calls, 1)
})

test(
  'over TLS only with a certificate that is known, of the name',
  { skip: noOpenssl },
  async (t) => {
    const certificate = await makeCertificate(t, ['DNS:hooks.test'])
    const server = createTlsServer(certificate, (_, response) => response.end())
    t.after(() => server.closeAllConnections())
    const port = await listening(t, server)
    const post = poster({ 'hooks.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] })
    const known = { ...inner, caBundle: certificate.cert }
    assert.equal((await post(`https://hooks.test:${port}/`, known)).kind, 'answered')
    assert.equal((await post(`https://hooks.test:${port}/`)).kind, 'failed')
    assert.equal((await post(`https://other.test:${port}/`, known)).kind, 'failed')
  },
)
