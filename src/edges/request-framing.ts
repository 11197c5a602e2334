// What is asked of every request before a door sees it, and the framework's own refusals in each door's form.
import type { IncomingMessage } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Hooks and handlers for the whole server; after those that give a request its facts. */
export function frameRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const fault = faultOf(request.raw)
    if (fault === undefined) {
      done()
      return
    }
    // Where one message ends and the next begins is in doubt: nothing more is read from here.
    void reply.header('connection', 'close')
    void refuse(request, reply, fault)
  })
  app.addHook('onSend', (request, reply, _, done) => {
    closeIfUnread(request, reply)
    done()
  })
  app.setNotFoundHandler((request, reply) => refuse(request, reply, notFound(request)))
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
      return refuse(request, reply, refusalOf(error))
    }
    // Bodies and their types are the doors' to judge, after they know who asks.
    void reply.code(200)
    return request.routeOptions.handler.call(app, request, reply)
  })
}

/** A request whose address the router cannot read; it has passed no hook. */
export function refuseBadAddress(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  closeIfUnread(request, reply)
  void refuse(request, reply, refusalOf(error))
}

function closeIfUnread(request: FastifyRequest, reply: FastifyReply): void {
  if (hasUnreadBody(request.raw)) void reply.header('connection', 'close')
}

/** What is left of a body must not be read as the next request, nor for nothing: the connection closes with the answer. */
export function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** RFC 9112 section 3.2.2: the host of an absolute address stands, whatever Host says. */
export function pathOfTarget(request: IncomingMessage): string {
  const { url = '/' } = request
  if (url.startsWith('/')) return url
  const [, host, path] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  if (host === undefined || path === undefined) return url
  request.headers.host = host
  return path.startsWith('/') ? path : `/${path}`
}

function faultOf(request: IncomingMessage): Refusal | undefined {
  const encoding = request.headers['transfer-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    const shown = JSON.stringify(encoding.slice(0, 64))
    return { status: 400, message: `transfer encoding ${shown} is not supported; use chunked` }
  }
  const message = faultOfHost(request)
  if (message !== undefined) return { status: 400, message }
  const { expect } = request.headers
  return expect === undefined || /(?:^|\W)100-continue(?:$|\W)/i.test(expect)
    ? undefined
    : { status: 417, message: 'of all expectations only 100-continue is known here' }
}

function faultOfHost(request: IncomingMessage): string | undefined {
  const { host } = request.headers
  if (host === undefined) {
    return request.httpVersion === '1.0' ? undefined : 'the request has no Host header'
  }
  if (!/^[A-Za-z0-9._:[\]-]*$/.test(host)) return 'the Host header is not a host and a port'
  return countHosts(request.rawHeaders) > 1
    ? 'the request has more than one Host header'
    : undefined
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts
}

function notFound({ method, url }: FastifyRequest): Refusal {
  if (!isOci(url)) return { status: 404, message: `${method} here is nothing of this registry` }
  const allow = 'GET, HEAD, POST, PUT, PATCH, DELETE'
  return { status: 405, message: `${method} is not possible here`, headers: { allow } }
}

function refusalOf(error: FastifyError): Refusal {
  const { statusCode: status = 500, code } = error
  if (code === 'FST_ERR_BAD_URL')
    return { status, message: 'the address holds an escape that stands for no character' }
  return { status, message: status < 500 ? error.message : 'internal error' }
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { status, message, headers = {} } = refusal
  // As bytes: the framework adds a charset to the content type of text.
  const send = (type: string, document: object): FastifyReply =>
    reply
      .code(status)
      .headers({ ...headers, 'content-type': type })
      .send(Buffer.from(request.method === 'HEAD' ? '' : JSON.stringify(document)))
  const code = status < 500 ? 'UNSUPPORTED' : 'UNKNOWN'
  const path = request.url
  if (isOci(path)) return send('application/json', { errors: [{ code, message }] })
  if (/^\/(?:\?|$)/.test(path)) {
    const name = status < 500 ? 'InvalidRequestException' : 'ServerException'
    return send('application/x-amz-json-1.1', { __type: name, message })
  }
  return send('application/json', { error: { code, message } })
}

function isOci(path: string): boolean {
  return /^\/v2(?:[/?]|$)/.test(path)
}
