import type { FastifyReply } from 'fastify'
import type { OciReply } from './call.ts'

/** Sends what a handler answered. A body that writes itself goes past the framework, which would put a stream in between. */
export async function sendReply(
  reply: FastifyReply,
  answered: OciReply,
  onFault: (error: unknown) => void,
): Promise<FastifyReply> {
  const { status, headers, body } = answered
  void reply.code(status).headers(headers)
  // As bytes: the framework adds a charset to the content type of text, which clients compare exactly.
  if (typeof body === 'string') return reply.send(Buffer.from(body))
  if (body === undefined || !('sendTo' in body)) return reply.send(body)
  reply.hijack()
  reply.raw.writeHead(status, toNodeHeaders(reply))
  await body.sendTo(reply.raw).catch(onFault)
  return reply
}

function toNodeHeaders(reply: FastifyReply): Record<string, string | string[] | number> {
  const present = Object.entries(reply.getHeaders())
  return Object.fromEntries(
    present.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
