import type { FastifyInstance } from 'fastify'
import type { Ids } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { Metrics } from './health/metrics.ts'

/** Gives each request its id and facts, and tells of it in one log line and in the metrics when it is over. */
export function observeRequests(
  app: FastifyInstance,
  deps: { readonly ids: Ids; readonly log: Log; readonly metrics: Metrics },
): void {
  app.addHook('onRequest', async (request, reply) => {
    request.facts = {
      requestId: deps.ids.uuid(),
      startedAt: performance.now(),
      operation: `${request.method} other`,
      door: 'none',
      caller: undefined,
      action: undefined,
      resource: undefined,
      decision: undefined,
      errorCode: undefined,
    }
    void reply.header('x-amzn-requestid', request.facts.requestId)
  })
  app.addHook('onResponse', async (request, reply) => {
    const { facts } = request
    const milliseconds = performance.now() - facts.startedAt
    const sent = reply.getHeader('content-length')
    const bytes = request.method === 'HEAD' ? 0 : Number(sent ?? 0)
    deps.metrics.observeRequest(facts, reply.statusCode, milliseconds / 1000, bytes)
    if (facts.door === 'health') return
    deps.log.info({
      event: 'request',
      requestId: facts.requestId,
      method: request.method,
      path: request.raw.url?.split('?', 1)[0],
      operation: facts.operation,
      principal: facts.caller?.principalArn,
      sourceAddress: request.ip,
      action: facts.action,
      resource: facts.resource,
      decision: facts.decision,
      status: reply.statusCode,
      error: facts.errorCode,
      bytes,
      ms: Math.round(milliseconds * 10) / 10,
    })
  })
}
