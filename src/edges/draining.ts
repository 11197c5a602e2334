import type { FastifyInstance } from 'fastify'

/** How soon another process may have taken over, in seconds. */
const retryAfter = '5'

/** While the server ends, what still arrives on open connections is told to come again; health tells of it itself. */
export function refuseWhileDraining(app: FastifyInstance, isDraining: () => boolean): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!isDraining() || /^\/(?:livez|readyz|metrics)/.test(request.raw.url ?? '')) {
      done()
      return
    }
    request.facts.errorCode = 'UNAVAILABLE'
    const message = 'the server is ending: come again in some seconds'
    const headers = { 'retry-after': retryAfter, connection: 'close' }
    void reply
      .code(503)
      .headers(headers)
      .send({ errors: [{ code: 'UNAVAILABLE', message }] })
  })
}
