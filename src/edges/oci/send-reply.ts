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
  if (body !== undefined && typeof body !== 'string' && 'sendTo' in body) {
    writeHead(reply, status, headers)
    await body.sendTo(reply.raw).catch(onFault)
    return reply
  }
  if (Buffer.isBuffer(body)) {
    writeHead(reply, status, { ...headers, 'content-length': String(body.byteLength) })
    // After the other requests of this turn of the event loop: answers that leave one after another cost the kernel, and a
    // client on the same machine, one waking instead of one each.
    setImmediate(() => reply.raw.end(body))
    return reply
  }
  void reply.code(status).headers(headers)
  // As bytes: the framework adds a charset to the content type of text, which clients compare exactly.
  return reply.send(typeof body === 'string' ? Buffer.from(body) : body)
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
