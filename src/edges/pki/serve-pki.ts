// Purpose:  what verifiers ask of the installation's own authorities, without signing in: lists, roots, timestamps.
// Spec:     RFC 5280 section 4.2.1.13 and RFC 2585 (lists over HTTP); RFC 3161 section 3.4 (timestamps over HTTP).
// Input:    requests of strangers, hostile; a query for a timestamp has at most 4 KiB.
// Deviates: nothing.
// Unknowns: an authority that is not of this installation, or a timestamp where none are given → 404.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readAll } from '../../lib/read-all.ts'
import { maxTimestampRequestBytes } from '../../signatures/x509/answer-timestamp.ts'
import { timestampQueryType, timestampReplyType } from '../../signatures/x509/timestamp-protocol.ts'

export interface PkiRooms {
  /** DER; undefined for what is no authority here. */
  readonly revocationList: (issuer: string) => Promise<Uint8Array | undefined>
  /** PEM. */
  readonly signingRoots: () => Promise<string>
  /** Only where the server gives timestamps to everybody. */
  readonly timestampRoots?: () => Promise<string>
  readonly answerTimestamp?: (query: Uint8Array) => Promise<Uint8Array>
}

export interface PkiEdge {
  readonly rooms: PkiRooms
  readonly onFault: (error: unknown, requestId: string) => void
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

export function servePki(app: FastifyInstance, edge: PkiEdge): void {
  const { rooms } = edge
  const row = (operation: string, handle: Handler): Handler => guarded(edge, operation, handle)
  const { timestampRoots, answerTimestamp } = rooms
  app.get(
    '/pki/roots.pem',
    row('pki roots', (_, reply) => sendPem(reply, rooms.signingRoots)),
  )
  app.get(
    '/pki/:file',
    row('pki list', (request, reply) => sendList(edge, request, reply)),
  )
  if (timestampRoots !== undefined)
    app.get(
      '/pki/tsa.pem',
      row('pki tsa roots', (_, reply) => sendPem(reply, timestampRoots)),
    )
  if (answerTimestamp !== undefined)
    app.post(
      '/pki/tsa',
      row('pki timestamp', (request, reply) => stamp(answerTimestamp, request, reply)),
    )
}

function guarded(edge: PkiEdge, operation: string, handle: Handler): Handler {
  return async (request, reply) => {
    const { facts } = request
    facts.door = 'pki'
    facts.operation = operation
    try {
      return await handle(request, reply)
    } catch (error) {
      edge.onFault(error, facts.requestId)
      const message = `internal error; the server's log has request ${facts.requestId}`
      return refuse(reply, { status: 500, code: 'INTERNAL', message })
    }
  }
}

async function sendPem(reply: FastifyReply, roots: () => Promise<string>): Promise<FastifyReply> {
  const pem = await roots()
  if (pem !== '') return reply.type('application/x-pem-file').send(pem)
  const message = 'there is no root yet: it is made when the first key is'
  return refuse(reply, { status: 404, code: 'NOT_FOUND', message })
}

async function sendList(
  { rooms }: PkiEdge,
  { params }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the path has this parameter
  const { file } = params as { readonly file: string }
  const [, issuer] = /^([0-9a-f-]{36})\.crl$/.exec(file) ?? []
  const list = issuer === undefined ? undefined : await rooms.revocationList(issuer)
  if (list === undefined) {
    const message = 'no authority of this installation has a list there'
    return refuse(reply, { status: 404, code: 'NOT_FOUND', message })
  }
  return reply
    .type('application/pkix-crl')
    .header('cache-control', 'max-age=300')
    .send(Buffer.from(list))
}

async function stamp(
  answerTimestamp: NonNullable<PkiRooms['answerTimestamp']>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== timestampQueryType) {
    const message = `send a TimeStampReq with the content type ${timestampQueryType}`
    return refuse(reply, { status: 415, code: 'UNSUPPORTED_TYPE', message })
  }
  const query = await readAll(request.raw, maxTimestampRequestBytes)
  if (query === undefined) {
    void reply.header('connection', 'close')
    const message = `a query has at most ${maxTimestampRequestBytes} bytes`
    return refuse(reply, { status: 413, code: 'TOO_LARGE', message })
  }
  const answer = await answerTimestamp(query)
  return reply.type(timestampReplyType).send(Buffer.from(answer))
}

function refuse(
  reply: FastifyReply,
  {
    status,
    code,
    message,
  }: { readonly status: number; readonly code: string; readonly message: string },
): FastifyReply {
  const { facts } = reply.request
  facts.errorCode = code
  facts.errorMessage = message
  return reply.code(status).send({ error: { code, message, requestId: facts.requestId } })
}
