import assert from 'node:assert/strict'
import { Readable, Writable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import fastify from 'fastify'
import pino from 'pino'
import { systemIds } from '../../lib/ids.ts'
import { createMetrics } from '../health/metrics.ts'
import { observeRequests } from '../observe.ts'
import type { OciReply } from './call.ts'
import { sendReply } from './send-reply.ts'

interface Served {
  readonly response: Response
  readonly body: string
  readonly line: Readonly<Record<string, unknown>>
}

/** Answers one request over a real connection; resolves with what the client and the log saw. */
async function serve(t: TestContext, method: string, answered: OciReply): Promise<Served> {
  const { promise: logged, resolve } = Promise.withResolvers<string>()
  const log = pino(
    { base: null },
    new Writable({
      write(line: Buffer, _, done) {
        resolve(line.toString())
        done()
      },
    }),
  )
  const app = fastify({ exposeHeadRoutes: false })
  t.after(() => app.close())
  const metrics = createMetrics({
    queuedJobs: async () => Promise.resolve(0),
    auditBytes: async () => Promise.resolve(0),
    notifications: async () => Promise.resolve({ lagSeconds: 0, queues: [] }),
  })
  observeRequests(app, { ids: systemIds, log, metrics })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    handler: async (_, reply) => {
      void reply.header('x-of-the-framework', 'kept')
      return sendReply(reply, answered, assert.ifError)
    },
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(url, { method })
  const body = await response.text()
  return { response, body, line: JSON.parse(await logged) as Served['line'] }
}

const headers = { 'content-type': 'text/plain' }
const bodies: readonly (readonly [string, () => OciReply['body']])[] = [
  ['bytes', () => Buffer.from('grüße')],
  ['text', () => 'grüße'],
  ['a stream', () => Readable.from([Buffer.from('grüße')])],
  [
    'a body that writes itself',
    () => ({
      async sendTo(response) {
        response.end(Buffer.from('grüße'))
        return Promise.resolve()
      },
    }),
  ],
]

for (const [name, body] of bodies) {
  test(`${name} leaves with its own headers and those of the hooks, and is told in the log`, async (t) => {
    const stated = name === 'bytes' || name === 'text' ? {} : { 'content-length': '7' }
    const served = await serve(t, 'GET', {
      status: 206,
      headers: { ...headers, ...stated },
      body: body() ?? '',
    })
    const { response, line } = served
    assert.equal(response.status, 206)
    assert.equal(served.body, 'grüße')
    assert.equal(response.headers.get('content-type'), 'text/plain')
    assert.equal(response.headers.get('content-length'), '7')
    assert.equal(response.headers.get('x-of-the-framework'), 'kept')
    assert.equal(response.headers.get('x-amzn-requestid'), line['requestId'])
    assert.deepEqual([line['status'], line['bytes']], [206, 7])
  })
}

test('an answer without a body says its length and counts no bytes', async (t) => {
  const answered = { status: 200, headers: { ...headers, 'content-length': '99' } }
  const { response, body, line } = await serve(t, 'HEAD', answered)
  assert.deepEqual([response.headers.get('content-length'), body], ['99', ''])
  assert.equal(line['bytes'], 0)
})
