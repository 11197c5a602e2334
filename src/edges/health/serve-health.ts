import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

/** One thing that must work for the server to take requests. */
export interface ReadinessCheck {
  readonly name: string
  /** Resolves when it works, rejects with the reason otherwise. */
  readonly probe: () => Promise<void>
}

/** /livez: the event loop turns. /readyz: everything needed answers. /metrics: Prometheus text. */
export function serveHealth(
  app: FastifyInstance,
  edge: {
    readonly metrics: Metrics
    readonly checks: readonly ReadinessCheck[]
    readonly version: string
    readonly isDraining: () => boolean
  },
): void {
  app.get('/livez', async (request) => {
    request.facts.door = 'health'
    return { status: 'ok' }
  })
  app.get('/readyz', async (request, reply) => {
    request.facts.door = 'health'
    const results = await Promise.all(edge.checks.map(runCheck))
    const draining = edge.isDraining()
    const isReady = !draining && results.every(({ status }) => status === 'ok')
    const checks = Object.fromEntries(results.map(({ name, ...result }) => [name, result] as const))
    void reply.code(isReady ? 200 : 503)
    return { status: readiness(isReady, draining), version: edge.version, checks }
  })
  app.get('/metrics', async (request, reply) => {
    request.facts.door = 'health'
    const { contentType, body } = await edge.metrics.text()
    return reply.header('content-type', contentType).send(body)
  })
}

function readiness(isReady: boolean, draining: boolean): string {
  if (isReady) return 'ready'
  return draining ? 'draining' : 'not ready'
}

async function runCheck(
  check: ReadinessCheck,
): Promise<{ readonly name: string; readonly status: 'ok' | 'failed'; readonly reason?: string }> {
  try {
    await check.probe()
    return { name: check.name, status: 'ok' }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    return { name: check.name, status: 'failed', reason }
  }
}
