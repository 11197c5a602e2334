import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Ids } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { Metrics } from './health/metrics.ts'
import { newFacts } from './request-facts.ts'
import { loggedPath } from './rules/logged-path.ts'

/** Gives each request its id and facts, and tells of it in one log line and in the metrics when it is over. */
export function observeRequests(
  app: FastifyInstance,
  deps: { readonly ids: Ids; readonly log: Log; readonly metrics: Metrics },
): void {
  // Hooks that call back: each that returns a promise costs every request two more turns of the microtask queue.
  app.addHook('onRequest', (request, reply, done) => {
    request.facts = newFacts(deps.ids.uuid(), request.method)
    void reply.header('x-amzn-requestid', request.facts.requestId)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { facts } = request
    const milliseconds = performance.now() - facts.startedAt
    const bytes = bytesSent(request, reply)
    deps.metrics.observeRequest(facts, reply.statusCode, milliseconds / 1000, bytes)
    // A line that nobody reads is not put together.
    if (facts.door !== 'health' && deps.log.isLevelEnabled('info')) {
      deps.log.info(lineOf(request, reply.statusCode, bytes, milliseconds))
    }
    done()
  })
}

function bytesSent({ method, facts }: FastifyRequest, reply: FastifyReply): number {
  if (method === 'HEAD') return 0
  return facts.bodyBytes ?? Number(reply.getHeader('content-length') ?? 0)
}

function lineOf(
  request: FastifyRequest,
  status: number,
  bytes: number,
  milliseconds: number,
): Readonly<Record<string, unknown>> {
  const { facts } = request
  return {
    event: 'request',
    requestId: facts.requestId,
    method: request.method,
    path: loggedPath(request.raw.url ?? ''),
    operation: facts.operation,
    principal: facts.caller?.principalArn,
    sourceAddress: request.ip,
    action: facts.action,
    resource: facts.resource,
    decision: facts.decision,
    status,
    error: facts.errorCode,
    bytes,
    ms: Math.round(milliseconds * 10) / 10,
  }
}
