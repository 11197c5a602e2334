import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { anonymousCaller } from '../../access/anonymous.ts'
import type { Caller } from '../../access/caller.ts'
import { commitGate } from '../../access/commit-gate.ts'
import { imageKeys } from '../../access/request-context.ts'
import { anonymousActions } from '../../access/rules/exceptions.ts'
import { covers, type Limits, type Scope } from '../../access/rules/scope.ts'
import { repositoryArn } from '../../policy/arn.ts'
import { isRegistryError } from '../../registry/errors.ts'
import { accountOfHost, addressOf } from '../address.ts'
import type { HeaderAuthenticator } from '../authenticate.ts'
import type { RequestAuditor } from '../audit-requests.ts'
import { whyNotLetIn } from '../refused-credentials.ts'
import { sourceOf } from '../request-facts.ts'
import { admit, type AdmittingEdge } from './admit.ts'
import { parametersOf } from './audited-parameters.ts'
import type { OciCall, OciReply } from './call.ts'
import { errorReply, spellError, type OciError } from './errors.ts'
import { registryExtensions } from './extensions.ts'
import { listCatalog, type CatalogEdge } from './list-catalog.ts'
import { mountSources } from './mount-sources.ts'
import { parseV2Path, type V2Path } from './path.ts'
import { Refusal, signInMessage, unauthorized } from './refusal.ts'
import { may, pushWarning, requireAllowed, type Asked } from './require-allowed.ts'
import { requiredScopes } from './required-scopes.ts'
import { ociRoutes, type OciDeps, type OciRoute } from './routes.ts'
import { sendReply } from './send-reply.ts'
import { progressHeaders } from './uploads.ts'

export interface OciEdge extends CatalogEdge, Omit<AdmittingEdge, 'rooms'> {
  readonly rooms: Omit<OciDeps, 'sources'>
  readonly authenticate: HeaderAuthenticator
  readonly audit: RequestAuditor
  /** Whether who shows nothing may pull what a policy opens to everybody. */
  readonly isAnonymousPullOn: boolean
  readonly onFault: (error: unknown, requestId: string) => void
}

/** /v2 and everything below it. */
export function serveOci(app: FastifyInstance, edge: OciEdge): void {
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const answered = await answer(edge, request)
    // What is read is recorded when it was sent; to wait for nothing would still cost a turn.
    const isRead = request.facts.decision === 'allow' && isReading(request)
    const fault = isRead ? undefined : await edge.audit.settle(request, answered.status)
    if (fault === undefined) return send(edge, request, reply, answered)
    return send(edge, request, reply, refuse(edge, request, { kind: 'unknown' }, fault))
  }
  for (const url of ['/v2', '/v2/*']) {
    app.route({
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'],
      url,
      handler: handle,
    })
  }
  // Methods that the framework does not know are refused below /v2 as the others are.
  const refuseOthers: FastifyPluginCallback = (scope, _, done) => {
    scope.setNotFoundHandler(handle)
    done()
  }
  void app.register(refuseOthers, { prefix: '/v2' })
}

async function answer(edge: OciEdge, request: FastifyRequest): Promise<OciReply> {
  const [rawPath = '', ...queries] = (request.raw.url ?? '').split('?')
  const path = parseV2Path(rawPath)
  const isHead = request.method === 'HEAD'
  request.facts.door = 'oci'
  request.facts.operation = `${request.method} ${path.kind}`
  try {
    const query = new URLSearchParams(queries.join('?'))
    request.facts.parameters = parametersOf(path, query)
    const result = await dispatch(edge, request, path, query)
    if ('refused' in result) return errorReply(result.refused, isHead)
    return isHead && result.body !== undefined ? withoutBody(result) : result
  } catch (error) {
    return refuse(edge, request, path, error)
  }
}

/** HEAD is answered wherever GET is (RFC 9110, section 9.1), by a row of its own where a body would cost something. */
function routeOf(path: V2Path, method: string): OciRoute | undefined {
  const rowOf = (wanted: string): OciRoute | undefined =>
    ociRoutes.find((row) => row.path === path.kind && row.method === wanted)
  return rowOf(method) ?? (method === 'HEAD' ? rowOf('GET') : undefined)
}

/** Lists and other short texts: their length is told, they are not sent. */
function withoutBody({ status, headers, body }: OciReply): OciReply {
  const length =
    typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  return { status, headers: { ...headers, ...length } }
}

async function dispatch(
  edge: OciEdge,
  request: FastifyRequest,
  path: V2Path,
  query: URLSearchParams,
): Promise<OciReply | { readonly refused: OciError }> {
  const route = routeOf(path, request.method)
  // Put together only when a client must be told of them.
  const scopes = (): readonly Scope[] => requiredScopes(path, route?.scope, query)
  const entrant = await requireCaller(edge, request, route, scopes)
  if (path.kind === 'base') return baseReply(request)
  if (path.kind === 'discovery') return discoveryReply(request)
  if (path.kind === 'catalog') {
    requireReading(request, path)
    return listCatalog(edge, request, { ...entrant, scopes }, query)
  }
  if (path.kind === 'unknown') throw new Refusal(noEndpoint(request))
  return onRepository(edge, request, { path, query, route }, { ...entrant, scopes })
}

interface RepositoryRequest {
  readonly path: Extract<V2Path, { readonly name: string }>
  readonly query: URLSearchParams
  readonly route: OciRoute | undefined
}

async function onRepository(
  edge: OciEdge,
  request: FastifyRequest,
  { path, query, route }: RepositoryRequest,
  { caller, limits, scopes }: Entrant & { readonly scopes: () => readonly Scope[] },
): Promise<OciReply | { readonly refused: OciError }> {
  const repository = await addressOf(edge, request.headers.host, path.name)
  if (repository === undefined) throw new Refusal(nameInvalid(path.name))
  if (path.kind === 'badDigest' || path.kind === 'badReference')
    throw new Refusal(badReference(path))
  if (route === undefined) throw new Refusal(methodNotAllowed(request, path))
  const resource = repositoryArn(edge.region, repository.account, repository.name)
  const keys = route.keys(headerReader(request), path, query)
  const { unknownKeys } = route
  const asked: Asked = { caller, repository, resource, route, keys, unknownKeys, scopes }
  const actions = route.actions({ query, hasBody: announcesBody(request) })
  const epoch = await admit(edge, request, asked, { actions, limits })
  const call = callOf(request, asked, path.name, query, {
    mayDelete: async () =>
      covers(limits, resource, 'delete') && (await may(edge, asked, 'ecr:BatchDeleteImage')),
    passesPullGate: async () =>
      (await may(edge, asked, 'ecr:PutImage')) || (await may(edge, asked, 'pratique:BypassGate')),
    stillAllowed: commitGate(epoch, async (artifactType) => {
      const known = { ...keys, ...imageKeys({ tags: [], digests: [], artifactType }) }
      await requireAllowed(edge, request, { ...asked, keys: known, unknownKeys: none }, actions)
    }),
  })
  const sources = mountSources(edge, request, { caller, limits, scopes })
  const reply = await route.run({ ...edge.rooms, sources }, call, path)
  if (path.kind !== 'uploads' || 'refused' in reply) return reply
  return { ...reply, headers: { ...reply.headers, ...(await pushWarning(edge, asked)) } }
}

const none: ReadonlySet<string> = new Set()

function isReading({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

function requireReading(request: FastifyRequest, path: V2Path): void {
  if (isReading(request)) return
  throw new Refusal(methodNotAllowed(request, path))
}

function baseReply(request: FastifyRequest): OciReply {
  requireReading(request, { kind: 'base' })
  const headers = { 'content-type': 'application/json', 'content-length': '2' }
  return { status: 200, headers, body: '{}' }
}

function discoveryReply(request: FastifyRequest): OciReply {
  requireReading(request, { kind: 'discovery' })
  return registryExtensions()
}

interface Entrant {
  readonly caller: Caller
  readonly limits: Limits
}

async function requireCaller(
  edge: OciEdge,
  request: FastifyRequest,
  route: OciRoute | undefined,
  scopes: () => readonly Scope[],
): Promise<Entrant> {
  const source = sourceOf(request)
  const result = await edge.authenticate(request.headers.authorization, source)
  if (result.kind === 'authenticated') {
    request.facts.caller = result.caller
    request.facts.tokenHash = result.tokenHash
    return result
  }
  if (result.kind === 'absent' && edge.isAnonymousPullOn && isOpenToAnybody(route)) {
    const caller = anonymousCaller(await accountOfHost(edge, request.headers.host), source)
    request.facts.caller = caller
    return { caller, limits: undefined }
  }
  const isToken = result.kind === 'refused' && result.scheme === 'bearer'
  const error = isToken ? 'invalid_token' : undefined
  const message = whyNotLetIn(result, signInMessage)
  throw unauthorized(edge, request, message, { scopes: scopes(), error })
}

/** Whether a caller without a name could be allowed to do it at all. */
function isOpenToAnybody(route: OciRoute | undefined): boolean {
  const asked = route?.actions({ query: new URLSearchParams(), hasBody: false }) ?? []
  return asked.length > 0 && asked.every((action) => anonymousActions.has(action.toLowerCase()))
}

function callOf(
  request: FastifyRequest,
  { caller, repository }: Asked,
  writtenName: string,
  query: URLSearchParams,
  judgement: Pick<OciCall, 'mayDelete' | 'passesPullGate' | 'stillAllowed'>,
): OciCall {
  return {
    caller,
    repository,
    writtenName,
    query,
    header: headerReader(request),
    body: request.raw,
    hasBody: announcesBody(request),
    ...judgement,
  }
}

function headerReader({ headers }: FastifyRequest): OciCall['header'] {
  return (name) => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(',') : value
  }
}

function announcesBody({ headers }: FastifyRequest): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function refuse(edge: OciEdge, request: FastifyRequest, path: V2Path, error: unknown): OciReply {
  const isHead = request.method === 'HEAD'
  const { facts } = request
  if (error instanceof Refusal) {
    facts.errorCode = error.refused.code
    facts.errorMessage = error.refused.message
    return errorReply(error.refused, isHead)
  }
  const spelled = spellError(error)
  if (spelled === undefined) {
    edge.onFault(error, facts.requestId)
    facts.errorCode = 'UNKNOWN'
    const message = `internal error; the server's log has request ${facts.requestId}`
    return errorReply({ status: 500, code: 'UNKNOWN', message }, isHead)
  }
  facts.errorCode = spelled.code
  facts.errorMessage = spelled.message
  const headers = { ...spelled.headers, ...progressOf(path, error) }
  return errorReply({ ...spelled, headers }, isHead)
}

/** A refused chunk leaves the upload as it is; its place is told so that the client can go on. */
function progressOf(path: V2Path, error: unknown): Readonly<Record<string, string>> {
  if (path.kind !== 'upload' || !isRegistryError(error)) return {}
  const { size } = error.detail
  const isProgress = error.code === 'UPLOAD_OUT_OF_ORDER' || error.code === 'UPLOAD_BUSY'
  if (!isProgress || typeof size !== 'number') return {}
  return progressHeaders({ writtenName: path.name }, path.uploadId, size)
}

async function send(
  edge: OciEdge,
  request: FastifyRequest,
  reply: FastifyReply,
  answered: OciReply,
): Promise<FastifyReply> {
  void reply.header('docker-distribution-api-version', 'registry/2.0')
  return sendReply(reply, answered, (error) => edge.onFault(error, request.facts.requestId))
}

function noEndpoint(request: FastifyRequest): OciError {
  const message = `${request.method} ${JSON.stringify(request.raw.url?.slice(0, 200))} is no endpoint of the distribution API`
  return { status: 404, code: 'UNSUPPORTED', message }
}

function nameInvalid(name: string): OciError {
  const message = `${JSON.stringify(name.slice(0, 300))} is not a repository name: 2 to 256 characters of a-z, 0-9 and . _ - between them, in segments parted by /`
  return { status: 400, code: 'NAME_INVALID', message }
}

function badReference(path: Extract<V2Path, { readonly text: string }>): OciError {
  const shown = JSON.stringify(path.text.slice(0, 200))
  return path.kind === 'badDigest'
    ? {
        status: 400,
        code: 'DIGEST_INVALID',
        message: `${shown} is not a digest: expected sha256: and 64, or sha512: and 128 lower-case hex digits`,
      }
    : {
        status: 400,
        code: 'TAG_INVALID',
        message: `${shown} is not a tag: 1 to 128 characters of A-Z a-z 0-9 _ . -, not beginning with . or -`,
      }
}

function methodNotAllowed(request: FastifyRequest, path: V2Path): OciError {
  const rows = ociRoutes.filter((row) => row.path === path.kind).map((row) => row.method)
  const reads = rows.length === 0 || rows.includes('GET')
  const base = rows.length === 0 ? ['GET'] : rows
  const allowed = reads && !rows.includes('HEAD') ? [...base, 'HEAD'] : base
  return {
    status: 405,
    code: 'UNSUPPORTED',
    message: `${request.method} is not possible here; allowed: ${allowed.join(', ')}`,
    headers: { allow: allowed.join(', ') },
  }
}
