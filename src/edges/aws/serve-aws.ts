import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authorization, AuthorizationRequest, Authorizer } from '../../access/authorize.ts'
import type { Caller } from '../../access/caller.ts'
import { commitGate } from '../../access/commit-gate.ts'
import type { SigningKey } from '../../access/find-signing-key.ts'
import { callerOf, type Principal } from '../../access/principal.ts'
import type { UseRecorder } from '../../access/record-use.ts'
import type { ByteBudget } from '../../lib/byte-budget.ts'
import { readAll } from '../../lib/read-all.ts'
import type { CompiledPolicy } from '../../policy/compile.ts'
import { repositoryArn } from '../../policy/arn.ts'
import type { RepositoryAddress } from '../../registry/repository-store.ts'
import type { CloudTrailCall, CloudTrailDeps } from './cloudtrail/lookup-events.ts'
import {
  cloudTrailOperations,
  cloudTrailTarget,
  spellCloudTrailError,
} from './cloudtrail/operations.ts'
import type { EcrCall, EcrDeps } from './ecr/call.ts'
import { ecrAccessDenied, spellException } from './ecr/errors.ts'
import { ecrOperations } from './ecr/operations.ts'
import { unservedEcrOperations } from './ecr/unserved-operations.ts'
import type { IamDeps } from './iam/call.ts'
import { spellIamError } from './iam/errors.ts'
import { iamOperationNames } from './iam/operation-names.ts'
import { iamOperations } from './iam/operations.ts'
import { messageForQuery, signatureErrors, throttled, type AwsError } from './protocol/aws-error.ts'
import { dispatchJson, type JsonService, type Judged } from './protocol/dispatch.ts'
import { jsonError, operationOfTarget, type AwsReply } from './protocol/json-protocol.ts'
import { dispatchQuery, type QueryService } from './protocol/query-dispatch.ts'
import { iamModel, queryError, stsModel, type QueryModel } from './protocol/query-protocol.ts'
import type { RawHeader, SignedRequest } from './protocol/sigv4-canonical.ts'
import { ReplayFilter } from './protocol/replay-filter.ts'
import { readSignature, type Signature } from './protocol/sigv4-signature.ts'
import {
  SigV4Verifier,
  unrecognised,
  type SigV4Result,
  type SigV4Services,
} from './protocol/sigv4.ts'
import { stsOperationNames } from './sts/operation-names.ts'
import type { StsDeps } from './sts/call.ts'
import { stsOperations } from './sts/operations.ts'
import type { RequestAuditor } from '../audit-requests.ts'
import { sourceOf, type RequestFacts } from '../request-facts.ts'

const ecrTarget = 'AmazonEC2ContainerRegistry_V20150921'
const defaultBodyBytes = 64 * 1024
/** A policy of 131,072 characters, each written as `%XX` or as three of these, and what stands beside it. */
const maxIamBytes = 1024 * 1024

export interface AwsEdge {
  readonly ecr: EcrDeps
  readonly iam: IamDeps
  readonly sts: StsDeps
  readonly cloudTrail: CloudTrailDeps
  readonly region: string
  /** How far a signer's clock may be off; auto for what AWS allows at each service. */
  readonly clockSkewMinutes: number | 'auto'
  readonly findKey: (
    id: string,
    sessionToken: string | undefined,
  ) => Promise<SigningKey | undefined>
  readonly recordUse: UseRecorder
  readonly authorize: Authorizer
  readonly audit: RequestAuditor
  /** What could be done, though nobody does it: a question is no event. */
  readonly ask: Authorizer
  /** As `ask`, if the first resource, a repository, had that policy. */
  readonly askUnder: (
    caller: Caller,
    request: AuthorizationRequest,
    policy: CompiledPolicy,
  ) => Promise<Authorization>
  readonly onFault: (error: unknown, requestId: string) => void
  /** Memory that bodies of this door may take together. */
  readonly bodies: ByteBudget
}

/** What hands out a credential: whoever saw such a request must not get one by repeating it. */
const onceOnly = new Set([
  'ecr:GetAuthorizationToken',
  'iam:CreateAccessKey',
  'sts:AssumeRole',
  'sts:GetFederationToken',
  'sts:GetSessionToken',
])

/** `POST /` for every AWS service, told apart by the scope of the signature; `GET /` for presigned STS. */
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
  app.route({
    method: ['GET', 'POST'],
    url: '/',
    handler: async (request, reply) => {
      request.facts.door = 'aws'
      const authenticate = authenticator({ verifier, replays, edge }, request)
      const answered = await answer(edge, authenticate.verify, request)
      if (answered.status === 200) authenticate.complete(request.facts.operation)
      const fault = await edge.audit.settle(request, answered.status)
      const { status, headers, body } =
        fault === undefined ? answered : unrecorded(answered, fault, request.facts.requestId)
      return reply.code(status).headers(headers).send(Buffer.from(body))
    },
  })
}

function servicesWith(clockSkewMinutes: AwsEdge['clockSkewMinutes']): SigV4Services {
  const [short, long] = clockSkewMinutes === 'auto' ? [5, 15] : [clockSkewMinutes, clockSkewMinutes]
  return {
    ecr: { skewMinutes: short, isGlobal: false },
    sts: { skewMinutes: long, isGlobal: true },
    iam: { skewMinutes: long, isGlobal: true },
    cloudtrail: { skewMinutes: long, isGlobal: false },
  }
}

/** In the form of the answer that must not leave. */
function unrecorded({ headers }: AwsReply, { message }: Error, requestId: string): AwsReply {
  const isXml = headers['content-type']?.includes('xml') === true
  return isXml
    ? queryError(iamModel, { name: 'ServiceFailure', status: 500, message }, requestId)
    : jsonError({ name: 'ServerException', status: 500, message })
}

type Authenticate = (request: SignedRequest, bodyHash: string) => Promise<SigV4Result<Caller>>

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
    const full = { ...signed, body }
    const { requestId } = facts
    if (door.protocol === 'json') {
      const setting = jsonSetting(edge, authenticate, requestId)
      return door.service === 'ecr'
        ? await dispatchJson(ecrService(setting, edge), full, door.operation, facts, requestId)
        : await dispatchJson(trailService(setting, edge), full, door.operation, facts, requestId)
    }
    const service = { authenticate, source: sourceOf(request), edge, requestId }
    return door.model === iamModel
      ? await dispatchQuery(iamService(service), full, facts, requestId)
      : await dispatchQuery(stsService(service), full, facts, requestId)
  } catch (error) {
    if (!(error instanceof NoRoom)) throw error
    return refuse(throttled(), door, facts)
  } finally {
    held.giveBack()
  }
}

/** Which of the services a request is for, and how that one speaks. */
type Door =
  | {
      readonly protocol: 'json'
      readonly service: 'ecr' | 'cloudtrail'
      readonly operation: string
    }
  | { readonly protocol: 'query'; readonly model: QueryModel }
type Reading = ReturnType<typeof readSignature>

/** By the scope of the signature; without one by the target that only JSON services have. */
function doorOf(request: SignedRequest, reading: Reading): Door {
  const target = headerOf(request, 'x-amz-target')
  const scope = reading.kind === 'signature' ? reading.signature.scope.service : undefined
  const named = operationOfTarget(target, cloudTrailTarget)
  if (scope === 'cloudtrail' || (scope === undefined && named !== undefined)) {
    return { protocol: 'json', service: 'cloudtrail', operation: named ?? '' }
  }
  const operation = operationOfTarget(target, ecrTarget)
  const service = scope ?? (operation === undefined ? stsModel.service : 'ecr')
  const model = [iamModel, stsModel].find((one) => one.service === service)
  return model === undefined
    ? { protocol: 'json', service: 'ecr', operation: operation ?? '' }
    : { protocol: 'query', model }
}

async function isKeyOf(edge: AwsEdge, { accessKeyId, sessionToken }: Signature): Promise<boolean> {
  return (await edge.findKey(accessKeyId, sessionToken)) !== undefined
}

/** STS has an operation whose input is the credential. */
function mayBeUnsigned(
  request: SignedRequest,
  door: Door,
  reading: Extract<Reading, { kind: 'refused' }>,
): boolean {
  // The one unsigned operation comes in a form; who sends anything else is not waited for.
  const isForm =
    request.method === 'GET' ||
    /^application\/x-www-form-urlencoded(?:$|[;\s])/i.test(headerOf(request, 'content-type') ?? '')
  return door.protocol === 'query' && reading.code === 'MissingAuthenticationToken' && isForm
}

function bodyLimit(door: Door): number {
  if (door.protocol === 'query') return door.model === iamModel ? maxIamBytes : defaultBodyBytes
  const operations = door.service === 'ecr' ? ecrOperations : cloudTrailOperations
  return operations.get(door.operation)?.maxBodyBytes ?? defaultBodyBytes
}

function tooLarge(limit: number, { protocol }: Door): AwsError {
  const message = `the request has more than ${limit} bytes`
  const suffix = protocol === 'json' ? 'Exception' : ''
  return { name: `RequestEntityTooLarge${suffix}`, status: 413, message }
}

/** JSON services give the names of their errors a suffix that the others do not. */
function refuse(error: AwsError, door: Door, facts: RequestFacts): AwsReply {
  facts.errorCode = error.name
  facts.errorMessage = error.message
  if (door.protocol === 'json') return jsonError(error)
  const name = error.name.replace(/Exception$/, '')
  return queryError(door.model, { ...error, name }, facts.requestId)
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
  { code, message }: Extract<Reading, { readonly kind: 'refused' }>,
  door: Door,
  facts: RequestFacts,
): AwsReply {
  const { json, query, queryStatus } = signatureErrors[code]
  const error =
    door.protocol === 'json'
      ? { name: json, status: 400, message }
      : { name: query, status: queryStatus, message: messageForQuery(code, message) }
  return refuse(error, door, facts)
}

interface QuerySetting {
  readonly edge: AwsEdge
  readonly authenticate: Authenticate
  readonly source: QueryService<unknown>['source']
  readonly requestId: string
}

function iamService(setting: QuerySetting): QueryService<IamDeps> {
  return {
    ...querySetting(setting),
    authenticate: withoutOwnSessions(setting.authenticate),
    model: iamModel,
    operations: iamOperations,
    names: iamOperationNames,
    deps: setting.edge.iam,
    spell: spellIamError,
  }
}

/** As in AWS, sessions of GetSessionToken without a second factor and federated ones cannot call IAM. */
function withoutOwnSessions(authenticate: Authenticate): Authenticate {
  return async (signed, bodyHash) => {
    const result = await authenticate(signed, bodyHash)
    if (result.kind === 'refused') return result
    const { session, requester } = result.key
    const isOfRole = requester.kind === 'assumed-role'
    return session === undefined || isOfRole ? result : unrecognised
  }
}

function stsService(setting: QuerySetting): QueryService<StsDeps> {
  return {
    ...querySetting(setting),
    model: stsModel,
    operations: stsOperations,
    names: stsOperationNames,
    deps: setting.edge.sts,
    spell: spellIamError,
  }
}

function querySetting({ edge, authenticate, source, requestId }: QuerySetting) {
  return {
    region: edge.region,
    source,
    authenticate,
    authorize: edge.authorize,
    onFault: (error: unknown) => edge.onFault(error, requestId),
  }
}

function jsonSetting(edge: AwsEdge, authenticate: Authenticate, requestId: string) {
  const onFault = (error: unknown): void => edge.onFault(error, requestId)
  return { region: edge.region, authenticate, authorize: edge.authorize, onFault }
}

type JsonSetting = ReturnType<typeof jsonSetting>

function ecrService(setting: JsonSetting, edge: AwsEdge): JsonService<EcrDeps, EcrCall> {
  return {
    ...setting,
    service: 'ecr',
    operations: ecrOperations,
    unserved: unservedEcrOperations,
    deps: edge.ecr,
    callOf: (caller, judged) => callOf(edge, caller, judged),
    spell: spellException,
  }
}

/** For as long as the clients of AWS wait for an answer. */
const lookupMs = 60_000

function trailService(
  setting: JsonSetting,
  { cloudTrail }: AwsEdge,
): JsonService<CloudTrailDeps, CloudTrailCall> {
  return {
    ...setting,
    service: 'cloudtrail',
    operations: cloudTrailOperations,
    unserved: new Set(),
    deps: cloudTrail,
    callOf: (caller) => ({ caller, signal: AbortSignal.timeout(lookupMs) }),
    spell: spellCloudTrailError,
  }
}

function callOf(edge: AwsEdge, caller: Caller, judged: Judged | undefined): EcrCall {
  const asked = (action: string, { account, name }: RepositoryAddress): AuthorizationRequest => ({
    action,
    resources: [repositoryArn(edge.region, account, name)],
  })
  const judgeAgain = async (): Promise<void> => {
    if (judged === undefined) return
    const again = await edge.authorize(caller, judged.request)
    if (again.kind === 'deny') throw ecrAccessDenied(again)
  }
  const gate = commitGate(judged?.result.epoch ?? 0, judgeAgain)
  return {
    caller,
    denied: judged?.result.kind === 'deny' ? judged.result : undefined,
    may: async (action, repository) =>
      (await edge.ask(caller, asked(action, repository))).kind === 'allow',
    mayUnder: async (action, repository, policy) =>
      (await edge.askUnder(caller, asked(action, repository), policy)).kind === 'allow',
    // The whole manifest was there when it was judged.
    stillAllowed: (tx) => gate(tx),
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
