import type { FastifyInstance } from 'fastify'
import type { Config } from './config.ts'
import { StartError } from './foundation.ts'

/** A StartError says what to do where it cannot. */
export async function listen(app: FastifyInstance, config: Config): Promise<void> {
  const { host, port } = config.listen
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') {
      const message = `port ${port} on ${host} is in use: stop what uses it, or choose another with PRATIQUE_LISTEN=${host}:PORT`
      throw new StartError(message, { cause })
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      const message = `cannot listen on ${host}:${port} (${code}): choose another address with PRATIQUE_LISTEN`
      throw new StartError(message, { cause })
    }
    throw cause
  }
}

/** Of a server that listens on a port. */
export function listeningUrl(app: FastifyInstance): string {
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
