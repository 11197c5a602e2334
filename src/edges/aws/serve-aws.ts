import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { callerOf, type Principal } from '../../access/principal.ts'
import type { ByteBudget } from '../../lib/byte-budget.ts'
import { readAll } from '../../lib/read-all.ts'
import { sourceOf } from '../request-facts.ts'
import {
  bodyLimit,
  defaultBodyBytes,
  doorOf,
  mayBeUnsigned,
  refuse,
  refuseSignature,
  restRoutes,
  tooLarge,
  unrecorded,
  type Door,
} from './door.ts'
import { throttled } from './protocol/aws-error.ts'
import { dispatchJson } from './protocol/dispatch.ts'
import type { AwsReply } from './protocol/json-protocol.ts'
import { dispatchQuery } from './protocol/query-dispatch.ts'
import { iamModel } from './protocol/query-protocol.ts'
import { ReplayFilter } from './protocol/replay-filter.ts'
import { dispatchRest } from './protocol/rest-dispatch.ts'
import type { RawHeader, SignedRequest } from './protocol/sigv4-canonical.ts'
import { readSignature, type Signature } from './protocol/sigv4-signature.ts'
import { SigV4Verifier, type SigV4Result, type SigV4Services } from './protocol/sigv4.ts'
import {
  ecrService,
  iamService,
  inspectorService,
  jsonSetting,
  signerService,
  stsService,
  trailService,
  type Authenticate,
  type AwsEdge,
} from './services.ts'

/** What hands out a credential: whoever saw such a request must not get one by repeating it. */
const onceOnly = new Set([
  'ecr:GetAuthorizationToken',
  'iam:CreateAccessKey',
  'sts:AssumeRole',
  'sts:GetFederationToken',
  'sts:GetSessionToken',
])

/**
 * `POST /` for AWS services of JSON and Query, told apart by the scope of the signature; `GET /` for presigned STS; the addresses of
 * those of REST.
 */
export function serveAws(app: FastifyInstance, edge: AwsEdge): void {
  const verifier = new SigV4Verifier({
    clock: edge.ecr.clock,
    region: edge.region,
    services: servicesWith(edge.clockSkewMinutes),
    findKey: async (id, sessionToken) => {
      const found = await edge.findKey(id, sessionToken)
      return found?.kind === 'active' ? { ...found, key: found.principal } : found
    },
  })
  const replays = new ReplayFilter(edge.ecr.clock, onceOnly)
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    request.facts.door = 'aws'
    const authenticate = authenticator({ verifier, replays, edge }, request)
    const answered = await answer(edge, authenticate.verify, request)
    if (answered.status === 200) authenticate.complete(request.facts.operation)
    const fault = await edge.audit.settle(request, answered.status)
    const { status, headers, body } =
      fault === undefined ? answered : unrecorded(answered, fault, request.facts.requestId)
    return reply.code(status).headers(headers).send(Buffer.from(body))
  }
  app.route({ method: ['GET', 'POST'], url: '/', handler })
  for (const { method, url } of restRoutes()) app.route({ method, url, handler })
}

function servicesWith(clockSkewMinutes: AwsEdge['clockSkewMinutes']): SigV4Services {
  const [short, long] = clockSkewMinutes === 'auto' ? [5, 15] : [clockSkewMinutes, clockSkewMinutes]
  return {
    ecr: { skewMinutes: short, isGlobal: false },
    sts: { skewMinutes: long, isGlobal: true },
    iam: { skewMinutes: long, isGlobal: true },
    cloudtrail: { skewMinutes: long, isGlobal: false },
    inspector2: { skewMinutes: short, isGlobal: false },
    signer: { skewMinutes: short, isGlobal: false },
  }
}

/** Says who signed a request, and remembers it when it was answered. */
function authenticator(
  {
    verifier,
    replays,
    edge,
  }: {
    readonly verifier: SigV4Verifier<Principal>
    readonly replays: ReplayFilter
    readonly edge: AwsEdge
  },
  request: FastifyRequest,
): { readonly verify: Authenticate; readonly complete: (operation: string) => void } {
  const source = sourceOf(request)
  const { region, recordUse } = edge
  let shown: { readonly accessKeyId: string; readonly signature: string } | undefined
  return {
    async verify(signed, bodyHash) {
      const result = await verifier.verify(signed, bodyHash)
      if (result.kind === 'refused') return result
      if (replays.isRepeat(result)) return repeated
      shown = result
      await recordUse(result.key, { service: result.service, region })
      const method = result.presigned ? 'sigv4-presigned' : 'sigv4'
      return { ...result, key: callerOf(result.key, method, source) }
    },
    complete(operation) {
      if (shown !== undefined) replays.complete(operation, shown)
    },
  }
}

const repeated: Extract<SigV4Result<never>, { readonly kind: 'refused' }> = {
  kind: 'refused',
  code: 'InvalidSignature',
  message: 'A request with this signature was answered before; sign it anew.',
}

async function answer(
  edge: AwsEdge,
  authenticate: Authenticate,
  request: FastifyRequest,
): Promise<AwsReply> {
  const { facts } = request
  const signed = signedRequestOf(request)
  const reading = readSignature(signed)
  const door = doorOf(signed, reading)
  // Before the body is read: nobody gets to send megabytes without a signature.
  if (reading.kind === 'refused' && !mayBeUnsigned(signed, door, reading)) {
    return refuseSignature(reading, door, facts)
  }
  // Only who has a key here may send much: a made-up one fits no large body.
  const isKnown = reading.kind === 'signature' && (await isKeyOf(edge, reading.signature))
  const limit = isKnown ? bodyLimit(door) : defaultBodyBytes
  const held = new HeldBytes(edge.bodies)
  try {
    const body = await readAll(held.counting(bodyOf(request)), limit)
    if (body === undefined) return refuse(tooLarge(limit, door), door, facts)
    return await dispatch(edge, { authenticate, door, signed: { ...signed, body } }, request)
  } catch (error) {
    if (!(error instanceof NoRoom)) throw error
    return refuse(throttled(), door, facts)
  } finally {
    held.giveBack()
  }
}

async function dispatch(
  edge: AwsEdge,
  {
    authenticate,
    door,
    signed,
  }: {
    readonly authenticate: Authenticate
    readonly door: Door
    readonly signed: SignedRequest & { readonly body: Uint8Array }
  },
  request: FastifyRequest,
): Promise<AwsReply> {
  const { facts } = request
  const { requestId } = facts
  if (door.protocol === 'query') {
    const service = { authenticate, source: sourceOf(request), edge, requestId }
    return door.model === iamModel
      ? dispatchQuery(iamService(service), signed, facts, requestId)
      : dispatchQuery(stsService(service), signed, facts, requestId)
  }
  const setting = jsonSetting(edge, authenticate, requestId)
  if (door.protocol === 'rest')
    return door.service === 'signer'
      ? dispatchRest(signerService(setting, edge), signed, door.match, facts, requestId)
      : dispatchRest(inspectorService(setting, edge), signed, door.match, facts, requestId)
  const inspects = request.headers['pratique-purpose'] === 'inspect'
  return door.service === 'ecr'
    ? dispatchJson(ecrService(setting, edge, inspects), signed, door.operation, facts, requestId)
    : dispatchJson(trailService(setting, edge), signed, door.operation, facts, requestId)
}

async function isKeyOf(edge: AwsEdge, { accessKeyId, sessionToken }: Signature): Promise<boolean> {
  return (await edge.findKey(accessKeyId, sessionToken)) !== undefined
}

function bodyOf(request: FastifyRequest): AsyncIterable<Uint8Array> {
  return request.method === 'POST' || request.method === 'PUT' ? request.raw : Readable.from([])
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
