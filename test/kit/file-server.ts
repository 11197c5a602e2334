import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server on loopback, with one answer for all paths that the test may change; closed when the test ends. */
export async function fileServer(
  t: TestContext,
  first: Answer,
): Promise<{ readonly url: URL; readonly paths: readonly string[]; answer: Answer }> {
  const paths: string[] = []
  const served = { answer: first }
  const server = createServer((request, response) => {
    paths.push(request.url ?? '')
    served.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return Object.assign(served, { url: new URL(`http://127.0.0.1:${address.port}/archive`), paths })
}

/** Answers with a file, and 304 to those who have it. */
export function serveFile(content: Buffer, etag: string): Answer {
  return (request, response) => {
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end()
      return
    }
    response.writeHead(200, { etag, 'content-length': content.length }).end(content)
  }
}
