import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { fakeClock } from '../../../test/kit/fake-clock.ts'
import { fileServer, serveFile, type Answer } from '../../../test/kit/file-server.ts'
import { systemIds } from '../../lib/ids.ts'
import { defaultHttpLimits, openHttpTransport, type HttpTransportLimits } from './http.ts'
import type { ProxySettings } from './http-request.ts'
import type { FeedAnswer, FeedRequest } from './transport.ts'

const { signal } = new AbortController()
const content = Buffer.alloc(100_000, 'x')
const noProxy: ProxySettings = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined }

async function place(
  t: TestContext,
  answer: Answer,
  limits: Partial<HttpTransportLimits> = {},
  proxy = noProxy,
) {
  const server = await fileServer(t, answer)
  const directory = await temporaryDirectory(t)
  const clock = fakeClock()
  const rests: number[] = []
  const rest = (ms: number): Promise<void> => {
    rests.push(ms)
    return Promise.resolve()
  }
  const deps = { ids: systemIds, clock, rest, directory, proxy }
  const transport = openHttpTransport(deps, { ...defaultHttpLimits, ...limits })
  const get = (request: FeedRequest = {}, options = { signal }): Promise<FeedAnswer> =>
    transport.get(new URL(`${server.url.href}/npm/all.zip`), request, options)
  return { get, directory, server, rests, clock }
}

const status =
  (code: number, headers = {}): Answer =>
  (_, response) =>
    void response.writeHead(code, headers).end()

const refusals: readonly (readonly [
  name: string,
  answer: Answer,
  fault: string,
  message: RegExp,
])[] = [
  ['an error of the server', status(503), 'unreachable', /answered 503/],
  ['a refusal', status(403), 'refused', /answered 403/],
  [
    'an endless chain of redirects',
    status(302, { location: '/again' }),
    'refused',
    /redirects more than 5/,
  ],
  [
    'a redirect to a file',
    status(302, { location: 'file:///etc/passwd' }),
    'refused',
    /not followed/,
  ],
  [
    'a redirect to where metadata services are',
    status(302, { location: 'http://169.254.169.254/latest' }),
    'refused',
    /169\.254\.169\.254, where nothing is fetched/,
  ],
  [
    'a web page in place of the file',
    (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>'),
    'refused',
    /web page in place of .*all\.zip/,
  ],
  [
    'a length above the limit',
    (_, response) =>
      void response.writeHead(200, { 'content-length': 2_000_000 }).end(Buffer.alloc(2_000_000)),
    'too-large',
    /larger than 1000000/,
  ],
  [
    'more bytes than the limit',
    (_, response) => void response.writeHead(200).end(Buffer.alloc(2_000_000)),
    'too-large',
    /larger than 1000000/,
  ],
  [
    'a body that breaks off',
    (_, response) => {
      response.writeHead(200, { 'content-length': 500_000 })
      response.write(content, () => response.destroy())
    },
    'unreachable',
    /broke off/,
  ],
  ['a server that never answers', () => undefined, 'unreachable', /cannot be reached/],
]

for (const [name, answer, fault, message] of refusals) {
  test(`refuses ${name}, and leaves no file`, async (t) => {
    const isSilent = name.includes('never')
    const limits = { maxBytes: 1_000_000, timeoutMs: isSilent ? 50 : 10_000 }
    const { get, directory, rests } = await place(t, answer, limits)
    await assert.rejects(get(), { name: 'FeedError', fault, message })
    assert.deepEqual(await readdir(directory), [])
    assert.equal(rests.length, fault === 'unreachable' ? 2 : 0)
  })
}

test('leaves an origin that sends a little again and again', async (t) => {
  const { get, clock, directory } = await place(t, (_, response) => {
    response.writeHead(200)
    const drip = (): void => {
      clock.advance(10_000)
      if (!response.destroyed) response.write('x', () => setImmediate(drip))
    }
    drip()
  })
  await assert.rejects(get(), { fault: 'too-slow', message: /fewer than 2048 a second/ })
  assert.deepEqual(await readdir(directory), [])
})

test('waits as long as the origin asks, and not where that is long', async (t) => {
  const answers = [status(429, { 'retry-after': '7' }), serveFile(content, '"1"')]
  const { get, rests, server } = await place(t, (request, response) =>
    answers.shift()?.(request, response),
  )
  assert.equal((await get()).kind, 'fetched')
  assert.deepEqual(rests, [7000])
  server.answer = status(429, { 'retry-after': '3600' })
  await assert.rejects(get(), {
    fault: 'unreachable',
    retryAfterMs: 3_600_000,
    message: /answered 429 .* ask again in 3600 s/,
  })
  assert.equal(rests.length, 1)
})

test('tries again when an answer breaks off', async (t) => {
  const answers: Answer[] = [status(500), (request) => void request.socket.destroy()]
  const { get, rests } = await place(t, (request, response) =>
    (answers.shift() ?? serveFile(content, '"1"'))(request, response),
  )
  assert.equal((await get()).kind, 'fetched')
  assert.equal(rests.length, 2)
})

test('stops when it is aborted', async (t) => {
  const stop = new AbortController()
  const { get, directory } = await place(t, (_, response) => {
    response.writeHead(200).write(content, () => stop.abort())
  })
  await assert.rejects(get({}, { signal: stop.signal }))
  assert.deepEqual(await readdir(directory), [])
})

test('refuses a file whose checksum is not the published one', async (t) => {
  const { get, directory } = await place(t, serveFile(content, '"1"'))
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const hex = createHash(algorithm).update(content).digest('hex')
    assert.equal((await get({ checksum: { algorithm, hex } })).kind, 'fetched')
    const wrong = { algorithm, hex: hex.replaceAll(/[0-9]/g, 'a') }
    await assert.rejects(get({ checksum: wrong }), { fault: 'wrong-checksum' })
  }
  assert.equal((await readdir(directory)).length, 2)
})

test('spools a file until it is released, and asks again with its ETag', async (t) => {
  const { get, directory, server } = await place(t, serveFile(content, '"1"'))
  const answer = await get()
  if (answer.kind !== 'fetched') throw new Error('nothing was fetched')
  assert.deepEqual(await readFile(answer.path), content)
  const { validator } = answer
  await answer.release()
  assert.deepEqual(await readdir(directory), [])
  assert.deepEqual(await get({ validator }), { kind: 'unchanged' })
  server.answer = serveFile(content, '"2"')
  assert.deepEqual(await get({ validator }), { kind: 'unchanged' }, 'the same bytes are no news')
  server.answer = serveFile(Buffer.from('new'), '"3"')
  assert.equal((await get({ validator })).kind, 'fetched')
  server.answer = status(404)
  assert.deepEqual(await get({ validator }), { kind: 'absent' })
})

test('asks with a date only where that names one state', async (t) => {
  const asked: IncomingMessage[] = []
  const modified = 'Thu, 01 Jan 2026 00:00:00 GMT'
  const answer =
    (date: string): Answer =>
    (request, response) => {
      asked.push(request)
      response.sendDate = false
      response.writeHead(200, { 'last-modified': modified, date }).end(content)
    }
  const { get, server } = await place(t, answer('Thu, 01 Jan 2026 00:00:10 GMT'))
  const young = await get()
  server.answer = answer('Thu, 01 Jan 2026 00:05:00 GMT')
  const old = await get(young.kind === 'fetched' ? { validator: young.validator } : {})
  assert.equal(asked[1]?.headers['if-modified-since'], undefined)
  assert.equal(old.kind, 'unchanged')
  const fresh = await get()
  await get(fresh.kind === 'fetched' ? { validator: fresh.validator } : {})
  assert.equal(asked[3]?.headers['if-modified-since'], modified)
})

test('follows a redirect', async (t) => {
  const { get } = await place(t, (request, response) => {
    if (request.url === '/moved') serveFile(content, '"1"')(request, response)
    else response.writeHead(301, { location: '/moved' }).end()
  })
  assert.equal((await get()).kind, 'fetched')
})

test('goes through the proxy that the environment names, unless the host is excepted', async (t) => {
  const asked: (string | undefined)[] = []
  const proxy = createServer((request, response) => {
    asked.push(request.url)
    serveFile(content, '"1"')(request, response)
  })
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.after(() => proxy.close())
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const httpProxy = `http://127.0.0.1:${address.port}`
  const settings = { httpProxy, httpsProxy: httpProxy, noProxy: undefined }
  const through = await place(t, status(500), {}, settings)
  assert.equal((await through.get()).kind, 'fetched')
  assert.deepEqual(asked, [`${through.server.url.href}/npm/all.zip`])
  const around = await place(
    t,
    serveFile(content, '"1"'),
    {},
    { ...settings, noProxy: '127.0.0.1' },
  )
  assert.equal((await around.get()).kind, 'fetched')
  assert.equal(asked.length, 1)
})
