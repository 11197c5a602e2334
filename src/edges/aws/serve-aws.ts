import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authorizer } from '../../access/authorize.ts'
import type { Caller } from '../../access/caller.ts'
import { callerOf } from '../../access/authenticate-basic.ts'
import type { ActiveAccessKey } from '../../access/find-access-key.ts'
import type { ByteBudget } from '../../lib/byte-budget.ts'
import { readAll } from '../../lib/read-all.ts'
import type { EcrCall, EcrDeps } from './ecr/call.ts'
import { spellException } from './ecr/errors.ts'
import { ecrOperations } from './ecr/operations.ts'
import { unservedEcrOperations } from './ecr/unserved-operations.ts'
import { signatureErrors, throttled } from './protocol/aws-error.ts'
import { dispatchJson } from './protocol/dispatch.ts'
import { jsonError, operationOfTarget, type AwsReply } from './protocol/json-protocol.ts'
import { queryError } from './protocol/query-protocol.ts'
import type { RawHeader, SignedRequest } from './protocol/sigv4-canonical.ts'
import { readSignature } from './protocol/sigv4-signature.ts'
import { SigV4Verifier, type SigV4Result } from './protocol/sigv4.ts'
import { answerSts } from './sts/serve-sts.ts'
import { sourceOf, type RequestFacts } from '../request-facts.ts'

const ecrTarget = 'AmazonEC2ContainerRegistry_V20150921'
const defaultBodyBytes = 64 * 1024

export interface AwsEdge {
  readonly ecr: EcrDeps
  readonly region: string
  readonly findKey: (id: string) => Promise<ActiveAccessKey | undefined>
  readonly authorize: Authorizer
  readonly onFault: (error: unknown, requestId: string) => void
  /** Memory that bodies of this door may take together. */
  readonly bodies: ByteBudget
}

/** `POST /` for every AWS service, told apart by the scope of the signature; `GET /` for presigned STS. */
export function serveAws(app: FastifyInstance, edge: AwsEdge): void {
  const verifier = new SigV4Verifier({
    clock: edge.ecr.clock,
    region: edge.region,
    services: {
      ecr: { skewMinutes: 5, isGlobal: false },
      sts: { skewMinutes: 15, isGlobal: true },
    },
    findKey: async (id) => {
      const found = await edge.findKey(id)
      return found === undefined ? undefined : { secret: found.secret, key: found.user }
    },
  })
  app.route({
    method: ['GET', 'POST'],
    url: '/',
    handler: async (request, reply) => {
      request.facts.door = 'aws'
      const authenticate = authenticator(verifier, request)
      const { status, headers, body } = await answer(edge, authenticate, request)
      return reply.code(status).headers(headers).send(Buffer.from(body))
    },
  })
}

type Authenticate = (request: SignedRequest, bodyHash: string) => Promise<SigV4Result<Caller>>

function authenticator(
  verifier: SigV4Verifier<ActiveAccessKey['user']>,
  request: FastifyRequest,
): Authenticate {
  const source = sourceOf(request)
  return async (signed, bodyHash) => {
    const result = await verifier.verify(signed, bodyHash)
    if (result.kind === 'refused') return result
    const method = result.presigned ? 'sigv4-presigned' : 'sigv4'
    return { ...result, key: callerOf(result.key, result.accessKeyId, method, source) }
  }
}

async function answer(
  edge: AwsEdge,
  authenticate: Authenticate,
  request: FastifyRequest,
): Promise<AwsReply> {
  const { facts } = request
  const signed = signedRequestOf(request)
  const operation = operationOfTarget(headerOf(signed, 'x-amz-target'), ecrTarget) ?? ''
  const reading = readSignature(signed)
  const isSts =
    reading.kind === 'signature' ? reading.signature.scope.service === 'sts' : operation === ''
  // Before the body is read: nobody gets to send megabytes without a signature.
  if (reading.kind === 'refused') return refuseSignature(reading, isSts, facts)
  // Only who has a key here may send much: a made-up one fits no large body.
  const isKnown = (await edge.findKey(reading.signature.accessKeyId)) !== undefined
  const asked = isSts || !isKnown ? undefined : ecrOperations.get(operation)?.maxBodyBytes
  const limit = asked ?? defaultBodyBytes
  const held = new HeldBytes(edge.bodies)
  try {
    const body = await readAll(held.counting(bodyOf(request)), limit)
    if (body === undefined) {
      const message = `the request has more than ${limit} bytes`
      facts.errorCode = 'RequestEntityTooLarge'
      return jsonError({ name: 'RequestEntityTooLargeException', status: 413, message })
    }
    const full = { ...signed, body }
    const { requestId } = facts
    if (isSts) return await answerSts(authenticate, full, facts, requestId)
    const service = ecrService(edge, authenticate, requestId)
    return await dispatchJson(service, full, operation, facts, requestId)
  } catch (error) {
    if (!(error instanceof NoRoom)) throw error
    facts.errorCode = 'ThrottlingException'
    return jsonError(throttled())
  } finally {
    held.giveBack()
  }
}

function bodyOf(request: FastifyRequest): AsyncIterable<Uint8Array> {
  return request.method === 'POST' ? request.raw : Readable.from([])
}

class NoRoom extends Error {}

/** One body's share of the budget: what has arrived, not what may come, so that who sends slowly keeps nobody out. */
class HeldBytes {
  readonly #budget: ByteBudget
  #bytes = 0

  constructor(budget: ByteBudget) {
    this.#budget = budget
  }

  async *counting(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      if (!this.#budget.take(piece.byteLength)) throw new NoRoom()
      this.#bytes += piece.byteLength
      yield piece
    }
  }

  giveBack(): void {
    this.#budget.give(this.#bytes)
  }
}

function refuseSignature(
  reading: Extract<ReturnType<typeof readSignature>, { readonly kind: 'refused' }>,
  isSts: boolean,
  facts: RequestFacts,
): AwsReply {
  const { json, query, queryStatus } = signatureErrors[reading.code]
  const { message } = reading
  facts.errorCode = json
  return isSts
    ? queryError({ name: query, status: queryStatus, message }, facts.requestId)
    : jsonError({ name: json, status: 400, message })
}

function ecrService(edge: AwsEdge, authenticate: Authenticate, requestId: string) {
  return {
    service: 'ecr',
    region: edge.region,
    operations: ecrOperations,
    unserved: unservedEcrOperations,
    deps: edge.ecr,
    authenticate,
    authorize: edge.authorize,
    callOf: (caller: Caller): EcrCall => ({ caller }),
    spell: spellException,
    onFault: (error: unknown) => edge.onFault(error, requestId),
  }
}

/** As it came on the wire: parsed headers have lost their order and their repeats. */
function signedRequestOf(request: FastifyRequest): SignedRequest {
  const { rawHeaders, url = '/', method = '' } = request.raw
  const headers: RawHeader[] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  }
  const mark = url.indexOf('?')
  const rawPath = mark === -1 ? url : url.slice(0, mark)
  return { method, rawPath, rawQuery: mark === -1 ? '' : url.slice(mark + 1), headers }
}

function headerOf(request: SignedRequest, name: string): string | undefined {
  return request.headers.find(([other]) => other.toLowerCase() === name)?.[1]
}
