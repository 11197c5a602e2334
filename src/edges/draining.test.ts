import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify from 'fastify'
import { systemIds } from '../lib/ids.ts'
import { createLog } from '../lib/log.ts'
import { refuseWhileDraining } from './draining.ts'
import { createMetrics } from './health/metrics.ts'
import { observeRequests } from './observe.ts'

test('a server that ends says when to come again, and goes on telling of its health', async (t) => {
  const app = fastify()
  t.after(() => app.close())
  const metrics = createMetrics({
    queuedJobs: async () => Promise.resolve(0),
    auditBytes: async () => Promise.resolve(0),
    notifications: async () => Promise.resolve({ lagSeconds: 0, queues: [] }),
  })
  observeRequests(app, { ids: systemIds, log: createLog('silent'), metrics })
  let draining = false
  refuseWhileDraining(app, () => draining)
  for (const path of ['/v2/', '/readyz', '/livez', '/metrics']) {
    app.get(path, async () => Promise.resolve('ok'))
  }
  const before = await app.inject({ url: '/v2/' })
  assert.equal(before.statusCode, 200)
  draining = true
  const after = await app.inject({ url: '/v2/' })
  assert.equal(after.statusCode, 503)
  assert.match(String(after.headers['retry-after']), /^[1-9][0-9]*$/)
  assert.equal(after.headers['connection'], 'close')
  assert.match(after.body, /"code":"UNAVAILABLE"/)
  for (const path of ['/readyz', '/livez', '/metrics']) {
    const health = await app.inject({ url: path })
    assert.equal(health.statusCode, 200, path)
  }
})
