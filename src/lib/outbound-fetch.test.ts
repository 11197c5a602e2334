import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createPlainServer, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { test, type TestContext } from 'node:test'
import { makeCertificate } from '../../test/kit/certificate.ts'
import { missing } from '../../test/kit/run.ts'
import { createOutboundFetch, type OutboundLimits, type OutboundResult } from './outbound-fetch.ts'

const skip = missing('openssl')
const { signal } = new AbortController()
const limits: OutboundLimits = { allowPrivateNetwork: false, maxBytes: 1024, timeoutMs: 2000 }

/** Resolves nothing that a test did not name, so that no test reaches the network. */
function fetcher(names: Readonly<Record<string, readonly string[]>> = {}) {
  return createOutboundFetch(async (name) => Promise.resolve(names[name] ?? []))
}

const forbidden = [
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.0.0.1/',
  'https://017700000001/',
  'https://0177.0.0.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://169.254.169.254/latest/meta-data/',
  'https://2852039166/latest/meta-data/',
  'https://[::ffff:169.254.169.254]/',
  'https://[fd00:ec2::254]/',
  'https://0.0.0.0/',
  'https://[::]/',
  'https://10.0.0.1/',
  'https://192.168.0.1/',
  'https://inner.test/',
  'https://mixed.test/',
  'https://metadata.test/',
  'https://nowhere.test/',
  'http://8.8.8.8/',
  'http://outer.test/',
  'file:///etc/passwd',
  'ftp://outer.test/',
  'gopher://127.0.0.1:6379/_x',
  'https://user:secret@outer.test/',
  'not a url',
  '',
]
const names = {
  'inner.test': ['10.1.2.3'],
  'mixed.test': ['8.8.8.8', '127.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'outer.test': ['8.8.8.8'],
}
for (const url of forbidden) {
  test(`goes nowhere for ${JSON.stringify(url)}`, async () => {
    const result = await fetcher(names)(url, limits, { signal })
    assert.equal(result.kind, 'refused')
  })
}

test('goes to no metadata service even where private networks are allowed', async () => {
  const allowed = { ...limits, allowPrivateNetwork: true }
  for (const url of ['https://169.254.169.254/', 'https://metadata.test/', 'https://[fe80::1]/']) {
    const result = await fetcher(names)(url, allowed, { signal })
    assert.equal(result.kind, 'refused', url)
  }
})

test('plain http is a wish of its own, and then https is refused; the ranges are the same', async () => {
  const plain = { ...limits, isPlain: true } as const
  for (const url of [
    'https://outer.test/',
    'http://127.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://inner.test/',
    'http://mixed.test/',
    'http://user:secret@outer.test/',
  ]) {
    const result = await fetcher(names)(url, plain, { signal })
    assert.equal(result.kind, 'refused', url)
  }
})

test('a question is posted over plain http, and is not sent elsewhere', async (t) => {
  const server = createPlainServer((request, response) => {
    if (request.url === '/moved') response.writeHead(307, { location: '/' }).end()
    else request.pipe(response.setHeader('x-type', request.headers['content-type'] ?? ''))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const post = { type: 'application/ocsp-request', bytes: Buffer.from('who?') }
  const asked = { ...limits, allowPrivateNetwork: true, isPlain: true, post } as const
  const base = `http://127.0.0.1:${address.port}`
  const answer = await fetcher()(`${base}/`, asked, { signal })
  assert.equal(answer.kind === 'document' && answer.bytes.toString(), 'who?')
  assert.equal((await fetcher()(`${base}/moved`, asked, { signal })).kind, 'failed')
})

interface World {
  readonly base: string
  readonly asked: string[]
  readonly get: (path: string, change?: Partial<OutboundLimits>) => Promise<OutboundResult>
}

async function world(t: TestContext, listener: RequestListener): Promise<World> {
  const certificate = await makeCertificate(t, ['DNS:issuer.test'])
  const asked: string[] = []
  const server = createServer(certificate, (request, response) => {
    asked.push(request.url ?? '')
    listener(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  const base = `https://issuer.test:${address.port}`
  const inner = { ...limits, allowPrivateNetwork: true, caBundle: certificate.cert }
  const fetch = fetcher({ 'issuer.test': ['127.0.0.1'] })
  return {
    base,
    asked,
    get: async (path, change = {}) => fetch(base + path, { ...inner, ...change }, { signal }),
  }
}

test(
  'fetches a document over a connection to the address that was checked',
  { skip },
  async (t) => {
    const { get } = await world(t, (_, response) => {
      response.setHeader('cache-control', 'max-age=600').end('{"a":1}')
    })
    const result = await get('/x')
    assert.ok(result.kind === 'document')
    assert.equal(result.bytes.toString(), '{"a":1}')
    assert.equal(result.cacheControl, 'max-age=600')
  },
)

test(
  'asks nothing of a private address that was not allowed, nor of a host without a known certificate',
  { skip },
  async (t) => {
    const { get, asked } = await world(t, (_, response) => response.end('x'))
    assert.equal((await get('/', { allowPrivateNetwork: false })).kind, 'refused')
    assert.equal((await get('/', { caBundle: undefined })).kind, 'failed')
    assert.deepEqual(asked, [])
  },
)

test('resolves a name once: what it says the second time leads nowhere', { skip }, async (t) => {
  let calls = 0
  const certificate = await makeCertificate(t, ['DNS:issuer.test'])
  const fetch = createOutboundFetch(async () => {
    calls += 1
    return Promise.resolve([calls === 1 ? '127.0.0.1' : '169.254.169.254'])
  })
  const inner = { ...limits, allowPrivateNetwork: true, caBundle: certificate.cert }
  // Nobody listens there; what counts is that the failure is one of the connection.
  const result = await fetch('https://issuer.test:1/', inner, { signal })
  assert.equal(result.kind, 'failed')
  assert.equal(calls, 1)
})

test(
  'follows a redirect of the same host, and none to another host, scheme or port',
  { skip },
  async (t) => {
    let target = ''
    const { get, base, asked } = await world(t, ({ url }, response) => {
      if (url === '/there') response.end('there')
      else response.writeHead(302, { location: target }).end()
    })
    for (target of ['/there', `${base}/there`]) assert.equal((await get('/from')).kind, 'document')
    const others = [
      'https://other.test/',
      base.replace('https', 'http'),
      'https://issuer.test:1/',
      'https://127.0.0.1/',
      'file:///etc/passwd',
    ]
    for (target of others) assert.equal((await get('/from')).kind, 'refused', target)
    target = 'https://['
    assert.equal((await get('/from')).kind, 'refused')
    target = '/loop'
    assert.equal((await get('/from')).kind, 'failed')
    assert.ok(asked.length < 20)
  },
)

test(
  'takes no more than the limit, no status but 200, and nothing that broke off',
  { skip },
  async (t) => {
    const { get } = await world(t, ({ url }, response) => {
      if (url === '/large') response.end('x'.repeat(1025))
      else if (url === '/exact') response.end('x'.repeat(1024))
      else if (url === '/endless') {
        const timer = setInterval(() => response.write('x'.repeat(600)), 5)
        response.on('close', () => clearInterval(timer))
      } else if (url === '/short') {
        response.writeHead(200, { 'content-length': '10' }).write('xx', () => response.destroy())
      } else response.writeHead(404).end('{}')
    })
    assert.equal((await get('/exact')).kind, 'document')
    for (const path of ['/large', '/endless', '/short', '/absent'])
      assert.equal((await get(path)).kind, 'failed', path)
  },
)

test('waits no longer than its time for a host that says nothing', { skip }, async (t) => {
  const { get } = await world(t, () => undefined)
  const result = await get('/', { timeoutMs: 100 })
  assert.deepEqual(result, { kind: 'failed', reason: 'no whole answer in time' })
})
