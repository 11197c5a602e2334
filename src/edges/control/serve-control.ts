import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authorizer } from '../../access/authorize.ts'
import type { AccountId } from '../../policy/account-id.ts'
import type { HeaderAuthenticator } from '../authenticate.ts'
import { whyNotLetIn } from '../refused-credentials.ts'
import { sourceOf, tellJudgement } from '../request-facts.ts'
import type { ControlCall, ControlReply, ControlRoute } from './route.ts'
import { controlRoutes, type ControlRooms } from './routes.ts'

export interface ControlError {
  readonly status: number
  readonly code: string
  readonly message: string
}

export interface ControlEdge {
  readonly rooms: ControlRooms
  readonly authenticate: HeaderAuthenticator
  readonly authorize: Authorizer
  readonly region: string
  /** The account that runs the installation. */
  readonly managingAccount: AccountId
  /** The refusal a room's error stands for; undefined for a fault that is ours. */
  readonly spell: (error: unknown) => ControlError | undefined
  readonly onFault: (error: unknown, requestId: string) => void
}

export function serveControl(app: FastifyInstance, edge: ControlEdge): void {
  for (const route of controlRoutes) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => answer(edge, route, request, reply),
    })
  }
}

async function answer(
  edge: ControlEdge,
  route: ControlRoute<ControlRooms>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { facts } = request
  facts.door = 'control'
  facts.operation = route.action
  const refuse = (error: ControlError): FastifyReply => {
    facts.errorCode = error.code
    facts.errorMessage = error.message
    if (error.status === 507) void reply.header('retry-after', '60')
    const { code, message } = error
    return reply.code(error.status).send({ error: { code, message, requestId: facts.requestId } })
  }
  try {
    const allowed = await requireAllowed(edge, route, request)
    if (!('account' in allowed)) {
      if (allowed.status === 401) void reply.header('www-authenticate', 'Basic realm="pratique"')
      return refuse(allowed)
    }
    const query = new URL(request.raw.url ?? '/', 'http://localhost').searchParams
    facts.parameters = Object.fromEntries(query)
    const signal = abortedWithConnection(reply)
    const { account, principal, caller } = allowed
    const call = { account, principal, caller, query, body: request.raw, signal }
    const result = await route.run(edge.rooms, call)
    if (result.kind === 'refused') return refuse({ status: 400, ...result })
    if (result.kind === 'json') facts.responseElements = result.audited
    return await sendResult(edge, facts.requestId, reply, result)
  } catch (error) {
    const spelled = edge.spell(error)
    if (spelled !== undefined) return refuse(spelled)
    edge.onFault(error, facts.requestId)
    const message = `internal error; the server's log has request ${facts.requestId}`
    return refuse({ status: 500, code: 'INTERNAL', message })
  }
}

/** The caller's account, or why the call may not be made. */
async function requireAllowed(
  edge: ControlEdge,
  route: ControlRoute<ControlRooms>,
  request: FastifyRequest,
): Promise<Pick<ControlCall, 'account' | 'principal' | 'caller'> | ControlError> {
  const { facts } = request
  const result = await edge.authenticate(request.headers.authorization, sourceOf(request))
  if (result.kind !== 'authenticated') {
    const message = whyNotLetIn(
      result,
      'sign in: HTTP Basic with AWS and an authorization token, or an access key id and its secret',
    )
    return { status: 401, code: 'UNAUTHORIZED', message }
  }
  facts.caller = result.caller
  facts.tokenHash = result.tokenHash
  const { caller } = result
  const { action } = route
  const { searchParams } = new URL(request.raw.url ?? '/', 'http://localhost')
  const place = { account: caller.accountId, region: edge.region }
  const resources = route.resources?.(searchParams, place) ?? ['*']
  facts.action = action
  facts.resource = resources.join(' ')
  if (!isOfAccount(route, searchParams) && caller.accountId !== edge.managingAccount) {
    facts.decision = 'deny'
    const message = `User: ${caller.principalArn} is not authorized to perform: ${action}, which is for account ${edge.managingAccount} that runs this installation`
    return { status: 403, code: 'DENIED', message }
  }
  const keys = route.keys?.(searchParams)
  const judged = await edge.authorize(caller, { action, resources, keys })
  tellJudgement(facts, judged)
  return judged.kind === 'allow'
    ? { account: caller.accountId, principal: caller.principalArn, caller }
    : { status: 403, code: 'DENIED', message: judged.message }
}

function isOfAccount(
  { isOfAccount: isOwn }: Pick<ControlRoute<never>, 'isOfAccount'>,
  query: URLSearchParams,
): boolean {
  return typeof isOwn === 'function' ? isOwn(query) : isOwn === true
}

/** Work ends when the one who asked for it has gone. */
function abortedWithConnection(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('the client has gone'))
  })
  return controller.signal
}

function sendResult(
  edge: ControlEdge,
  requestId: string,
  reply: FastifyReply,
  result: Exclude<ControlReply, { readonly kind: 'refused' }>,
): FastifyReply | Promise<FastifyReply> {
  if (result.kind === 'json') return reply.send(result.value)
  if (result.kind === 'bytes') return sendPieces(edge, requestId, reply, result)
  const lines = async function* (): AsyncGenerator<string> {
    try {
      for await (const value of result.values) yield `${JSON.stringify(value)}\n`
    } catch (error) {
      // The status has been sent: the failure is the last line.
      edge.onFault(error, requestId)
      const message = edge.spell(error)?.message ?? `internal error; see request ${requestId}`
      yield `${JSON.stringify({ kind: 'failed', message })}\n`
    }
  }
  return reply.header('content-type', 'application/x-ndjson').send(Readable.from(lines()))
}

async function sendPieces(
  edge: ControlEdge,
  requestId: string,
  reply: FastifyReply,
  { type, pieces }: Extract<ControlReply, { readonly kind: 'bytes' }>,
): Promise<FastifyReply> {
  // Before the status is sent, so that a refusal of the first step is told as one.
  const iterator = pieces[Symbol.asyncIterator]()
  let held: IteratorResult<Uint8Array> | undefined = await iterator.next()
  // No generator: one that was never begun would not hand on that the client has gone.
  const all: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => all,
    async next() {
      try {
        const step = held ?? (await iterator.next())
        held = undefined
        return step
      } catch (error) {
        edge.onFault(error, requestId)
        throw error
      }
    },
    async return() {
      await iterator.return?.()
      return { done: true, value: undefined }
    },
  }
  return reply.header('content-type', type).send(Readable.from(all, { objectMode: false }))
}
