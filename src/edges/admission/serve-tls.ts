// API servers and Gatekeeper ask over TLS 1.3 alone, by certificates of our own that are changed without a restart.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'

export interface ServerIdentity {
  /** PEM. */
  readonly certificate: string
  readonly key: string
}

export interface TlsDoor {
  readonly port: number
  /** For connections that are made from now on. */
  change(identity: ServerIdentity): void
  close(): Promise<void>
}

const headersTimeoutMs = 10_000
const requestTimeoutMs = 30_000
const maxConnections = 1000
/** An answer takes less; who keeps a connection open would keep the server from ending. */
const closingMs = 3000

/** Only what `handle` gets of `/admission/` and of health is reachable here. */
export async function openTlsDoor(
  { host, port }: { readonly host: string; readonly port: number },
  identity: ServerIdentity,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TlsDoor> {
  const options = {
    key: identity.key,
    cert: identity.certificate,
    minVersion: 'TLSv1.3',
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // Gatekeeper keeps its own for 90 seconds.
    keepAliveTimeout: 120_000,
    maxHeaderSize: 32 * 1024,
  } as const
  const server = createServer(options, (request, response) => {
    if (/^\/(?:admission\/|livez$|readyz$)/.test(request.url ?? '')) handle(request, response)
    else response.writeHead(404).end()
  })
  server.maxConnections = maxConnections
  // A client that speaks another TLS, or none, is told so by the protocol itself.
  server.on('tlsClientError', () => undefined)
  await listening(server, host, port)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    change({ certificate, key }) {
      server.setSecureContext({ key, cert: certificate, minVersion: 'TLSv1.3' })
    },
    async close() {
      const late = setTimeout(() => {
        server.closeAllConnections()
      }, closingMs)
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeIdleConnections()
      })
      clearTimeout(late)
    },
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
