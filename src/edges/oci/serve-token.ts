// Purpose:  hand out tokens for /v2 to those who show credentials.
// Spec:     distribution "Token Authentication Specification" (GET) and "OAuth2 Token Authentication" (POST); RFC 6749 sections 4.3, 5 and 6.
// Input:    query or form, and the Authorization header; hostile.
// Deviates: wrong credentials in a form are 401 as Docker's own server has it, in RFC 6749's words and in the registry's;
//           `account` and `client_id` are not looked at, since the credentials say who asks.
// Unknowns: a scope that is none or that the caller has no right to is left out of the token; nothing else changes.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { anonymousCaller } from '../../access/anonymous.ts'
import type { Authorizer } from '../../access/authorize.ts'
import { issueToken } from '../../access/issue-token.ts'
import type { Refused } from '../../access/authenticate-basic.ts'
import type { Caller } from '../../access/caller.ts'
import type { Decisions } from '../../access/decisions.ts'
import { parseScopes } from '../../access/rules/scope.ts'
import { readAll } from '../../lib/read-all.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { accountOfHost, type AddressDeps } from '../address.ts'
import type { Authenticator } from '../authenticate.ts'
import { originOf, parseHost } from '../origin.ts'
import { whyNotLetIn } from '../refused-credentials.ts'
import { sourceOf } from '../request-facts.ts'
import { tokenPath, type ChallengeDeps } from './challenge.ts'
import { grantScopes, writeGrants } from './grant-scopes.ts'
import { originHeaders } from './refusal.ts'

export interface TokenEdge extends AddressDeps, ChallengeDeps {
  readonly region: string
  readonly authenticator: Authenticator
  readonly issue: Parameters<typeof issueToken>[0]
  readonly reader: SqlReader
  readonly authorize: Authorizer
  readonly authorizeAsMade: Decisions['authorizeAsMade']
  /** Whether who shows nothing gets a token that pulls what is open to everybody. */
  readonly isAnonymousPullOn: boolean
  readonly onFault: (error: unknown, requestId: string) => void
}

const maxFormBytes = 64 * 1024
/** Of all grants as text: the token must stay well below what proxies take as a header. */
const maxGrantedBytes = 3000

interface Asked {
  readonly caller: Caller
  readonly endsAt: Date | undefined
  readonly scopes: readonly string[]
  readonly service: string | null
  readonly withRefreshToken: boolean
}

interface TokenRefusal {
  readonly status: 400 | 401 | 413
  /** RFC 6749, section 5.2. */
  readonly error: 'invalid_request' | 'unsupported_grant_type' | 'invalid_grant'
  readonly message: string
}

export function serveToken(app: FastifyInstance, edge: TokenEdge): void {
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'],
    url: tokenPath,
    async handler(request, reply) {
      const { facts } = request
      facts.door = 'oci'
      facts.operation = `${request.method} token`
      void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
      try {
        return await answer(edge, request, reply)
      } catch (error) {
        edge.onFault(error, facts.requestId)
        const message = `internal error; the server's log has request ${facts.requestId}`
        return sendError(request, reply, 500, { code: 'UNKNOWN', message })
      }
    },
  })
}

async function answer(
  edge: TokenEdge,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { method } = request
  if (method !== 'GET' && method !== 'POST') {
    void reply.header('allow', 'GET, POST')
    const message = `${method} is not possible here; allowed: GET, POST`
    return sendError(request, reply, 405, { code: 'UNSUPPORTED', message })
  }
  const asked = await (method === 'GET' ? readQuery(edge, request) : readForm(edge, request))
  if ('status' in asked) return refuse(edge, request, reply, asked)
  request.facts.caller = asked.caller
  request.facts.parameters = { scopes: asked.scopes, service: asked.service }
  const host = parseHost(asked.service ?? undefined) ?? request.headers.host
  const grants = await grantScopes(edge, asked.caller, host, parseScopes(asked.scopes))
  const scope = writeGrants(grants)
  if (scope.length > maxGrantedBytes) {
    const message = 'the scopes are too many for one token: ask for fewer at a time'
    return refuse(edge, request, reply, { status: 400, error: 'invalid_request', message })
  }
  const { caller, withRefreshToken } = asked
  const credentialEndsAt = asked.endsAt
  const issued = issueToken(edge.issue, {
    caller,
    credentialEndsAt,
    grants: grants.map(({ grant }) => grant),
    withRefreshToken,
  })
  return reply.send({
    token: issued.token,
    access_token: issued.token,
    token_type: 'Bearer',
    scope,
    expires_in: issued.expiresInSeconds,
    issued_at: issued.issuedAt.toISOString(),
    ...(issued.refreshToken === undefined ? {} : { refresh_token: issued.refreshToken }),
  })
}

async function readQuery(edge: TokenEdge, request: FastifyRequest): Promise<Asked | TokenRefusal> {
  const { searchParams } = new URL(request.raw.url ?? '/', 'http://localhost')
  const { authorization } = request.headers
  const scopes = searchParams.getAll('scope')
  const service = searchParams.get('service')
  const source = sourceOf(request)
  if (authorization === undefined && edge.isAnonymousPullOn) {
    const host = parseHost(service ?? undefined) ?? request.headers.host
    const caller = anonymousCaller(await accountOfHost(edge, host), source)
    return { caller, endsAt: undefined, scopes, service, withRefreshToken: false }
  }
  const result = await edge.authenticator.basicHeader(authorization, source)
  if (result.kind !== 'authenticated') return wrongCredentials(result)
  return {
    caller: result.caller,
    endsAt: result.expiresAt,
    scopes,
    service,
    withRefreshToken: searchParams.get('offline_token') === 'true',
  }
}

async function readForm(edge: TokenEdge, request: FastifyRequest): Promise<Asked | TokenRefusal> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1)
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    return invalidRequest('the body is no form: expected application/x-www-form-urlencoded')
  }
  const bytes = await readAll(request.raw, maxFormBytes)
  if (bytes === undefined) {
    const message = `the form has more than ${maxFormBytes} bytes`
    return { status: 413, error: 'invalid_request', message }
  }
  const form = new URLSearchParams(bytes.toString())
  const repeated = [...form.keys()].find((key) => key !== 'scope' && form.getAll(key).length > 1)
  if (repeated !== undefined) {
    return invalidRequest(`${JSON.stringify(repeated.slice(0, 64))} is given more than once`)
  }
  const result = await verifyGrant(edge, request, form)
  if ('status' in result) return result
  const { caller, expiresAt: endsAt } = result
  const isPassword = form.get('grant_type') === 'password'
  const withRefreshToken = isPassword && form.get('access_type') === 'offline'
  const service = form.get('service')
  return { caller, endsAt, scopes: form.getAll('scope'), service, withRefreshToken }
}

async function verifyGrant(
  edge: TokenEdge,
  request: FastifyRequest,
  form: URLSearchParams,
): Promise<{ readonly caller: Caller; readonly expiresAt: Date | undefined } | TokenRefusal> {
  const source = sourceOf(request)
  const type = form.get('grant_type')
  if (type === 'refresh_token') {
    const token = form.get('refresh_token')
    if (token === null) return invalidRequest('refresh_token is missing')
    const result = await edge.authenticator.refreshToken(token, source)
    return result.kind === 'authenticated' ? result : wrongCredentials(result)
  }
  if (type === 'password') {
    const [user, password] = [form.get('username'), form.get('password')]
    if (user === null || password === null) {
      return invalidRequest('username and password are missing')
    }
    const result = await edge.authenticator.password({ user, password }, source)
    return result.kind === 'authenticated' ? result : wrongCredentials(result)
  }
  const message = 'grant_type is neither password nor refresh_token'
  return { status: 400, error: 'unsupported_grant_type', message }
}

function invalidRequest(message: string): TokenRefusal {
  return { status: 400, error: 'invalid_request', message }
}

function wrongCredentials(result: Refused | { readonly kind: 'absent' }): TokenRefusal {
  const message = whyNotLetIn(
    result,
    'authentication required: AWS with an authorization token, or an access key id with its secret',
  )
  return { status: 401, error: 'invalid_grant', message }
}

function refuse(
  edge: TokenEdge,
  request: FastifyRequest,
  reply: FastifyReply,
  { status, error, message }: TokenRefusal,
): FastifyReply {
  if (status === 401) {
    const realm = edge.configuredUrl ?? originOf(originHeaders(request)) ?? edge.url()
    void reply.header('www-authenticate', `Basic realm="${realm}/"`)
  }
  const code = status === 401 ? 'UNAUTHORIZED' : 'UNSUPPORTED'
  return sendError(request, reply, status, { code, message, error })
}

/** In the registry's form and in that of OAuth2: clients read the one or the other. */
function sendError(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  {
    code,
    message,
    error,
  }: { readonly code: string; readonly message: string; readonly error?: string },
): FastifyReply {
  request.facts.errorCode = code
  request.facts.errorMessage = message
  void reply.code(status).header('content-type', 'application/json')
  const oauth = error === undefined ? {} : { error, error_description: message }
  // As bytes: the framework adds a charset to the content type of text, which clients compare exactly.
  return reply.send(Buffer.from(JSON.stringify({ errors: [{ code, message }], ...oauth })))
}
