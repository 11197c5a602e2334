import type { FastifyInstance } from 'fastify'
import type { Config } from './config.ts'
import { ConnectionGuard } from './edges/guard-connections.ts'
import { StartError } from './foundation.ts'
import type { Clock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'

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

/** A transfer that moved much before may stand still for five times as long as one that has not. */
export function connectionGuard(
  config: Config,
  log: Log,
  clock: Clock,
  files: number | undefined,
): ConnectionGuard {
  const initialMs = config.stallSeconds * 1000
  return new ConnectionGuard({
    clock,
    limits: {
      initialMs,
      maxMs: initialMs * 5,
      bytesPerSecond: 1024,
      connections: Math.min(config.maxConnections, connectionsWithin(files)),
      connectionsPerAddress: config.maxConnectionsPerAddress,
    },
    onFault: (fault, sourceAddress) => log.warn({ event: 'connection', fault, sourceAddress }),
  })
}

/** A connection may need a file beside itself, and the server some of its own: at the system's limit neither could be opened. */
function connectionsWithin(files: number | undefined): number {
  return files === undefined ? Infinity : Math.max(10, Math.floor((files - 64) / 2))
}
