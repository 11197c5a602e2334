import fastify, { type FastifyInstance } from 'fastify'
import type { ConnectionGuard } from './guard-connections.ts'
import { createStrictServer, headerTimeoutMs, keepAliveMs } from './malformed-request.ts'
import { frameRequests, pathOfTarget, refuseBadAddress } from './request-framing.ts'

/** The framework on a server whose connections are guarded; `observe` adds the hooks that must come first. */
export function createHttpServer(
  guard: ConnectionGuard,
  observe: (app: FastifyInstance) => void,
): FastifyInstance {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    serverFactory(handle) {
      const server = createStrictServer(handle, {
        headMs: Math.min(headerTimeoutMs, guard.initialMs),
      })
      guard.watch(server)
      return server
    },
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: 'idle',
    // See draining.ts, which also says when to come again.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 4096 },
    rewriteUrl: pathOfTarget,
    // What the parser refuses is answered by the server itself.
    clientErrorHandler: () => undefined,
    frameworkErrors: refuseBadAddress,
  })
  // Bodies are read by the doors themselves, as streams and within their own bounds.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null)
  })
  observe(app)
  frameRequests(app)
  return app
}
