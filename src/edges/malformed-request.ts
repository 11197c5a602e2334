// What cannot be read as HTTP, or asks for something else than HTTP/1.1 requests, answered in the form that the client reads.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { rawRefusal, type RawRefusal } from './raw-refusal.ts'

type ServerOptions = Parameters<typeof createServer>[0]

/** Also of the request line, in bytes. */
export const maxHeaderBytes = 32 * 1024
/** From the first byte of a request, or from the connection, to the end of the request's head, in milliseconds. */
export const headerTimeoutMs = 20_000
/** Above the idle time of common load balancers, which must be the ones to close. */
export const keepAliveMs = 75_000

/** A server whose parser's refusals are answers, and which asks for a body only when somebody reads it. */
export function createStrictServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  { headMs }: { readonly headMs: number },
): Server {
  const options: ServerOptions = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: headMs / 4,
    // A body may take hours: what ends a slow one is its rate, see guard-connections.ts.
    requestTimeout: 0,
    // Asked for by request-framing.ts, with an answer in form.
    requireHostHeader: false,
  }
  const server = createServer(options, handle)
  const answers = new WeakMap<Duplex, ServerResponse>()
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    answers.set(socket, response)
  })
  server.on('clientError', (error: ParserError, socket: Duplex) => {
    const answer = answers.get(socket)
    const isOver = answer?.writableFinished !== false
    if (isOver || (!answer.req.complete && !answer.headersSent)) answerMalformed(error, socket)
    // The fault lies behind a whole request, whose answer this would be taken for.
    else if (answer.req.complete) answer.prependOnceListener('close', () => closeSoon(socket))
    // An answer that has begun is the last of its connection: a second one would be read as a part of it.
    else closeSoon(socket)
  })
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueWhenRead(request, response)
    server.emit('request', request, response)
  })
  // Refused by request-framing.ts: it may have to wait for its turn.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response)
  })
  server.on('connect', (_: IncomingMessage, socket: Duplex) => {
    // Behind a request without its answer a refusal would be read as that answer, or as a part of it.
    if (answers.get(socket)?.writableFinished === false) socket.destroy()
    else end(socket, noTunnel)
  })
  return server
}

const noTunnel: RawRefusal = {
  status: 405,
  code: 'UNSUPPORTED',
  message: 'this is a registry and no proxy: CONNECT is not possible',
}

type ParserError = Error & { readonly code?: string; readonly rawPacket?: Buffer }

function answerMalformed(error: ParserError, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const packet = error.rawPacket?.toString('latin1') ?? ''
  const form = /^(?:POST|GET) \/[? ]/.test(packet) ? 'aws' : 'oci'
  const refusal = refusalOf(error.code, packet)
  end(socket, form === 'aws' ? { ...refusal, form, code: awsCode(refusal.status) } : refusal)
}

function refusalOf(code: string | undefined, packet: string): RawRefusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const message = 'the head of the request did not arrive in time'
    return { status: 408, code: 'UNSUPPORTED', message }
  }
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
    return { status: 413, code: 'SIZE_INVALID', message: 'the chunk extensions are too long' }
  }
  if (code === 'HPE_HEADER_OVERFLOW') return tooLong(packet)
  const message = `the request is not well-formed HTTP/1.1 (${code ?? 'unknown fault'})`
  return { status: 400, code: 'UNSUPPORTED', message }
}

/** The parser does not say where it stopped: a packet that begins a request line and does not end it has too long a one. */
function tooLong(packet: string): RawRefusal {
  const lineEnd = packet.indexOf('\r\n')
  const isLine = /^[A-Z]+ \//.test(packet) && (lineEnd === -1 || lineEnd > maxHeaderBytes)
  return isLine
    ? {
        status: 414,
        code: 'SIZE_INVALID',
        message: `the address is longer than ${maxHeaderBytes} bytes`,
      }
    : {
        status: 431,
        code: 'SIZE_INVALID',
        message: `the request line and the headers have more than ${maxHeaderBytes} bytes or too many lines`,
      }
}

function awsCode(status: number): string {
  return status === 408 ? 'RequestTimeoutException' : 'InvalidRequestException'
}

function end(socket: Duplex, refusal: RawRefusal): void {
  socket.write(rawRefusal(refusal))
  closeSoon(socket)
}

/** Not cut at once: a reset would overtake what was written. */
function closeSoon(socket: Duplex): void {
  if (hasCloseSoon(socket)) socket.destroySoon()
  else socket.end()
}

function hasCloseSoon(socket: Duplex): socket is Socket {
  return 'destroySoon' in socket
}

/** `Expect: 100-continue`: who is refused by the head alone need not send the body. */
function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  // oxlint-disable-next-line no-underscore-dangle -- a stream's method to override, named by Node
  const read = request._read.bind(request)
  const readFirst = (size: number): void => {
    Object.assign(request, { _read: read })
    if (!response.headersSent) response.writeContinue()
    read(size)
  }
  Object.assign(request, { _read: readFirst })
}
