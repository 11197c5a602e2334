// Requests that two programs could read differently, that are no HTTP/1.1, or that ask for what a registry does not do.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { digestOf } from '../../../src/oci/digest.ts'
import {
  exchangeRaw,
  headOf,
  openRaw,
  pause,
  send,
  startTarget,
  type Target,
} from '../../kit/hostile.ts'

/** What must not be answered: it stands where a smuggled request would. */
const smuggled = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'
const begin = 'POST /v2/app/blobs/uploads/'

type Case = readonly [what: string, bytes: (target: Target) => string, status: number, code: string]

const ambiguous: readonly Case[] = [
  [
    'a length and chunks',
    (t) => headOf(t, begin, 'Content-Length: 5', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    400,
    'UNSUPPORTED',
  ],
  [
    'two lengths',
    (t) => headOf(t, begin, 'Content-Length: 0', `Content-Length: ${smuggled.length}`),
    400,
    'UNSUPPORTED',
  ],
  ['a list of lengths', (t) => headOf(t, begin, 'Content-Length: 0, 0'), 400, 'UNSUPPORTED'],
  ['a length with a sign', (t) => headOf(t, begin, 'Content-Length: +0'), 400, 'UNSUPPORTED'],
  [
    'a length beyond numbers',
    (t) => headOf(t, begin, `Content-Length: 9${'9'.repeat(30)}`),
    400,
    'UNSUPPORTED',
  ],
  [
    'a folded header',
    (t) => headOf(t, begin, 'X-A: b\r\n c', 'Content-Length: 0'),
    400,
    'UNSUPPORTED',
  ],
  ['a space before the colon', (t) => headOf(t, begin, 'Content-Length : 0'), 400, 'UNSUPPORTED'],
  ['lines without CR', (t) => headOf(t, begin).replaceAll('\r', ''), 400, 'UNSUPPORTED'],
  ['a bare CR in a header', (t) => headOf(t, begin, 'X-A: b\rX-B: c'), 400, 'UNSUPPORTED'],
  [
    'another coding below chunks',
    (t) => headOf(t, begin, 'Transfer-Encoding: gzip, chunked') + '0\r\n\r\n',
    400,
    'UNSUPPORTED',
  ],
  [
    'a coding that looks like chunks',
    (t) => headOf(t, begin, 'Transfer-Encoding: xchunked') + '0\r\n\r\n',
    400,
    'UNSUPPORTED',
  ],
  [
    'a chunk longer than any',
    (t) =>
      headOf(t, `${begin}?digest=sha256:${'0'.repeat(64)}`, 'Transfer-Encoding: chunked') +
      `${'F'.repeat(17)}\r\nab\r\n`,
    400,
    'UNSUPPORTED',
  ],
  [
    'chunk extensions without end',
    (t) =>
      headOf(t, `${begin}?digest=sha256:${'0'.repeat(64)}`, 'Transfer-Encoding: chunked') +
      `2;a=${'b'.repeat(40_000)}\r\nab\r\n`,
    413,
    'SIZE_INVALID',
  ],
  ['two hosts', (t) => headOf(t, 'GET /v2/', 'Host: other'), 400, 'UNSUPPORTED'],
  ['no host', () => 'GET /v2/ HTTP/1.1\r\n\r\n', 400, 'UNSUPPORTED'],
  ['a host that is none', () => 'GET /v2/ HTTP/1.1\r\nHost: a b/<\r\n\r\n', 400, 'UNSUPPORTED'],
  ['HTTP/2 in clear', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'UNSUPPORTED'],
  ['a hello of TLS', () => '\x16\x03\x01\x02\x00\x01\x00\x01', 400, 'UNSUPPORTED'],
  ['another version', () => 'GET /v2/ HTTP/1.2\r\nHost: x\r\n\r\n', 400, 'UNSUPPORTED'],
  ['a method that is none', (t) => headOf(t, 'BREW /v2/'), 400, 'UNSUPPORTED'],
  ['a tunnel', (t) => headOf(t, 'CONNECT example.com:443'), 405, 'UNSUPPORTED'],
  ['an address of 40 KiB', (t) => headOf(t, `GET /v2/${'a'.repeat(40_000)}`), 414, 'SIZE_INVALID'],
  [
    'a header of 40 KiB',
    (t) => headOf(t, 'GET /v2/', `X: ${'a'.repeat(40_000)}`),
    431,
    'SIZE_INVALID',
  ],
  [
    'headers without end',
    (t) => headOf(t, 'GET /v2/', ...Array.from({ length: 3000 }, () => 'X: a')),
    431,
    'SIZE_INVALID',
  ],
  [
    'bytes beyond ASCII in an address',
    (t) => headOf(t, 'GET /v2/\xc3\xa9/tags/list'),
    400,
    'UNSUPPORTED',
  ],
  [
    'an expectation that nobody knows',
    (t) => headOf(t, 'GET /v2/', 'Expect: coffee'),
    417,
    'UNSUPPORTED',
  ],
]

test('requests on the edge of HTTP', async (t) => {
  const target = await startTarget(t)

  await t.test(
    'what can be read in two ways is refused in form, and nothing after it is read',
    async () => {
      for (const [what, bytes, status, code] of ambiguous) {
        const answered = await exchangeRaw(target, bytes(target) + smuggled)
        const heads = answered.split(/^HTTP\/1\.1 (?=[0-9]{3} )/m).slice(1)
        assert.equal(heads.length, 1, `${what}: ${answered.slice(0, 500)}`)
        assert.match(heads[0] ?? '', new RegExp(`^${status} `), what)
        assert.match(heads[0] ?? '', /\r\nconnection: close\r\n/i, what)
        const [, body = ''] = answered.split('\r\n\r\n')
        const { errors } = JSON.parse(body) as {
          readonly errors: readonly { readonly code: string }[]
        }
        assert.deepEqual(
          errors.map((error) => error.code),
          [code],
          what,
        )
      }
    },
  )

  await t.test('nor does a request behind it act', async () => {
    const content = Buffer.from('kept')
    const digest = digestOf(content)
    const path = `/v2/app/blobs/uploads/?digest=${digest}`
    assert.equal((await send(target, 'POST', path, { body: content })).status, 201)
    const removal = headOf(target, `DELETE /v2/app/blobs/${digest}`)
    for (const [what, bytes] of ambiguous) {
      await exchangeRaw(target, bytes(target) + removal)
      assert.equal((await send(target, 'HEAD', `/v2/app/blobs/${digest}`)).status, 200, what)
    }
  })

  await t.test('requests that come together are answered in turn, whatever they ask', async () => {
    const probe = headOf(target, 'GET /v2/')
    const close = 'Connection: close'
    const behind = [
      [headOf(target, 'GET /v2/', close), '200 200'],
      [headOf(target, 'GET /v2/app/manifests/none', close), '200 404'],
      [headOf(target, 'GET /v2/', 'Expect: coffee'), '200 417'],
      ['GET /v2/ HTTP/1.1\r\n\r\n', '200 400'],
      // No answer is written before or into another one.
      ['what is no request', '200'],
      [headOf(target, 'GET /v2/', close) + smuggled, '200'],
    ] as const
    for (const [second, statuses] of behind) {
      const raw = openRaw(target)
      raw.socket.write(probe + second)
      await raw.closed()
      assert.equal(raw.statuses().join(' '), statuses, second)
    }
    const kept = openRaw(target)
    kept.socket.write(probe)
    while (kept.statuses().length === 0) await pause(10)
    kept.socket.write('what is no request')
    await kept.closed()
    assert.deepEqual(kept.statuses(), [200, 400])
    const tunnel = await exchangeRaw(target, probe + headOf(target, 'CONNECT example.com:443'))
    assert.ok(!tunnel.includes('405'), tunnel)
  })

  await t.test('the AWS door answers what cannot be read in its own form', async () => {
    const heads = [
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    ]
    for (const head of heads) {
      const [, body = ''] = (await exchangeRaw(target, head)).split('\r\n\r\n')
      const { __type: name } = JSON.parse(body) as { readonly __type: string }
      assert.equal(name, 'InvalidRequestException')
    }
  })

  await t.test('what follows an early refusal is not read as the next request', async () => {
    const length = `Content-Length: ${smuggled.length + 1000}`
    const refused = [
      headOf(target, 'PUT /v2/app/manifests/-bad', length),
      headOf(target, 'PATCH /v2/app/blobs/uploads/none', length),
      headOf(target, 'GET /v2/app/tags/list', length),
      `PUT /v2/app/manifests/v1 HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`,
      `POST /nothing HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`,
      `POST / HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`,
      `GET /livez HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`,
      `POST /pratique/v1/gc HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`,
    ]
    for (const head of refused) {
      const answered = await exchangeRaw(target, head + smuggled)
      assert.equal(answered.match(/HTTP\/1\.1 [0-9]{3} /g)?.length, 1, `${head}\n${answered}`)
    }
  })

  await t.test('who sends much before reading sees the refusal, not a reset', async () => {
    const body = Buffer.alloc(16 * 1024 * 1024)
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const status = await new Promise((resolve, reject) => {
        const options = { method: 'PUT', agent: false }
        const outgoing = request(`${target.url}/v2/app/manifests/v1`, options, (incoming) => {
          incoming.resume()
          resolve(incoming.statusCode)
        })
        outgoing.on('error', reject)
        outgoing.end(body)
      })
      assert.equal(status, 401)
    }
  })

  await t.test('a body is asked for only after its request could be accepted', async () => {
    const expecting = ['Expect: 100-continue', 'Content-Length: 3']
    const refused: readonly (readonly [string, number])[] = [
      [headOf(target, 'PATCH /v2/app/blobs/uploads/none', ...expecting), 404],
      [headOf(target, 'PUT /v2/absent/manifests/v1', ...expecting), 404],
      [`PUT /v2/app/manifests/v1 HTTP/1.1\r\nHost: x\r\n${expecting.join('\r\n')}\r\n\r\n`, 401],
      [
        headOf(
          target,
          'PUT /v2/app/manifests/v1',
          'Expect: 100-continue',
          'Content-Length: 4194305',
        ),
        413,
      ],
      [
        headOf(
          target,
          `${begin}?digest=sha256:${'0'.repeat(64)}`,
          'Expect: 100-continue',
          'Content-Length: 99999999999999',
        ),
        413,
      ],
    ]
    for (const [head, status] of refused) {
      assert.match(await exchangeRaw(target, head), new RegExp(`^HTTP/1.1 ${status} `))
    }
    const digest = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    const raw = openRaw(target)
    raw.socket.write(headOf(target, `${begin}?digest=${digest}`, ...expecting, 'Connection: close'))
    while (!raw.received().includes('100 Continue')) await pause(10)
    raw.socket.write('abc')
    await raw.closed()
    assert.deepEqual(raw.statuses(), [100, 201])
  })

  await t.test(
    'an absolute address means its own host and path; who is asked for what is not for forwarded headers to say',
    async () => {
      const close = 'Connection: close'
      const absolute = headOf(target, `GET http://${target.host}/v2/`, close)
      assert.match(await exchangeRaw(target, absolute), /^HTTP\/1\.1 200 /)
      const forwarded = [
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil.example',
        'X-Forwarded-For: 192.0.2.1',
        'X-Original-URL: /livez',
        'X-HTTP-Method-Override: DELETE',
      ].join('\r\n')
      const challenged = await exchangeRaw(
        target,
        `GET /v2/ HTTP/1.1\r\nHost: asked.example\r\n${forwarded}\r\n${close}\r\n\r\n`,
      )
      assert.match(challenged, /^HTTP\/1\.1 401 /)
      assert.ok(!challenged.includes('evil.example'), challenged)
    },
  )

  await t.test(
    'paths are read as they are written: no escape, dot segment or double slash leads elsewhere',
    async () => {
      const cases: readonly (readonly [string, RegExp])[] = [
        ['/v2/app%2Ftags%2Flist', /^HTTP\/1\.1 404 [\s\S]*UNSUPPORTED/],
        ['/v2/app%00/tags/list', /^HTTP\/1\.1 404 [\s\S]*UNSUPPORTED/],
        ['/v2/../livez', /^HTTP\/1\.1 404 [\s\S]*UNSUPPORTED/],
        ['/v2/app/../app/tags/list', /^HTTP\/1\.1 400 [\s\S]*NAME_INVALID/],
        ['/v2//app/tags/list', /^HTTP\/1\.1 400 [\s\S]*NAME_INVALID/],
        ['/v2/app/%c0%ae%c0%ae/tags/list', /^HTTP\/1\.1 400 [\s\S]*UNSUPPORTED/],
        ['/v2/app%/tags/list', /^HTTP\/1\.1 400 [\s\S]*UNSUPPORTED/],
        ['/v2/app\\tags\\list', /^HTTP\/1\.1 404 [\s\S]*UNSUPPORTED/],
        ['//v2/', /^HTTP\/1\.1 404 /],
        ['/v2;x/app/tags/list', /^HTTP\/1\.1 404 /],
      ]
      for (const [path, expected] of cases) {
        assert.match(
          await exchangeRaw(target, headOf(target, `GET ${path}`, 'Connection: close')),
          expected,
          path,
        )
      }
      for (const method of ['TRACE', 'SEARCH', 'PROPFIND']) {
        const refused = await exchangeRaw(
          target,
          headOf(target, `${method} /v2/app/tags/list`, 'Connection: close'),
        )
        assert.match(refused, /^HTTP\/1\.1 405 [\s\S]*\r\nallow: GET, HEAD/i, method)
      }
      const old = `GET /v2/ HTTP/1.0\r\nAuthorization: ${target.authorization}\r\n\r\n`
      assert.match(
        await exchangeRaw(target, old),
        /^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n/i,
      )
    },
  )
})
