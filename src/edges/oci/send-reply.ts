import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { hasUnreadBody } from '../request-framing.ts'
import type { OciReply } from './call.ts'

/**
 * Sends what a handler answered. Bytes at hand, and a body that writes itself, go past the framework: it would look at each
 * header and put a stream in between. What it does beside sending (hooks, the log line, the metrics) is done all the same.
 */
export async function sendReply(
  reply: FastifyReply,
  answered: OciReply,
  onFault: (error: unknown) => void,
): Promise<FastifyReply> {
  const { status, headers, body } = answered
  if (body instanceof Readable) return reply.code(status).headers(headers).send(body)
  if (typeof body === 'object' && 'sendTo' in body) {
    writeHead(reply, status, headers)
    await body.sendTo(reply.raw).catch(onFault)
    return reply
  }
  // As bytes: the framework adds a charset to the content type of text, which clients compare exactly.
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  writeHead(reply, status, withLength(answered, bytes))
  // After the other requests of this turn of the event loop: answers that leave one after another cost the kernel, and a
  // client on the same machine, one waking instead of one each.
  setImmediate(() => reply.raw.end(bytes))
  return reply
}

/** Without a stated length Node would send an empty body in chunks. HEAD and 304 say the length of what they do not send, or none. */
function withLength({ status, headers }: OciReply, bytes: Buffer | undefined): OciReply['headers'] {
  if (bytes !== undefined) return { ...headers, 'content-length': String(bytes.byteLength) }
  return status < 400 || 'content-length' in headers
    ? headers
    : { ...headers, 'content-length': '0' }
}

/** The framework's headers (those that hooks set) and the answer's, straight to Node. */
function writeHead(reply: FastifyReply, status: number, headers: OciReply['headers']): void {
  reply.hijack()
  const all: Record<string, string | string[] | number> = {}
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) all[name] = value
  }
  if (hasUnreadBody(reply.request.raw)) all['connection'] = 'close'
  reply.request.facts.bodyBytes = Number(headers['content-length'] ?? 0)
  reply.raw.writeHead(status, Object.assign(all, headers))
}
