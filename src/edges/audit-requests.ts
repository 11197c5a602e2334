import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AuditLog } from '../audit/audit-log.ts'
import { RecordRenderer, type AuditedEvent, type AuditedRequest } from '../audit/render-record.ts'
import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { isStorageFault, StorageFullError } from '../storage/storage-full.ts'
import { tokenHashOf } from './authenticate.ts'
import { readAuthorization } from './authorization-header.ts'

export interface RequestAuditor {
  /** Throws what a room throws for its disk, while the log is required and cannot be written: nothing may be changed then. */
  requireWritable(): Promise<void>
  /**
   * To be awaited before an answer with this status leaves: what changes something, and what is denied, is on the disk
   * then. An error, instead of the answer, for a change that was done and could not be recorded.
   */
  settle(request: FastifyRequest, status: number): Promise<Error | undefined>
  /** Something else that the request had done before it goes on: on the disk when this returns, or the error. */
  recordAlso(request: FastifyRequest, done: DoneBeside): Promise<Error | undefined>
}

/** What of a record is not the request's own. */
export type DoneBeside = Pick<
  AuditedRequest,
  | 'operation'
  | 'action'
  | 'resource'
  | 'decision'
  | 'decidedBy'
  | 'policyEpoch'
  | 'parameters'
  | 'responseElements'
>

interface Deps {
  readonly log: AuditLog
  readonly clock: Clock
  readonly ids: Ids
  readonly region: string
  readonly account: AccountId
  /** Whether allowed reads of images are recorded. */
  readonly withReads: boolean
  /** Something of the account was changed; called before that is answered. */
  readonly onChange: (account: AccountId) => void
}

/** Refused credentials that are recorded one by one in a minute: nobody without a key gets to fill the disk. */
const refusalsPerMinute = 600

/** One record for each request that was authenticated or refused, the allowed reads when they are over. */
export function auditRequests(app: FastifyInstance, deps: Deps): RequestAuditor {
  const audited = new WeakSet<FastifyRequest>()
  const refusals = new RefusalCount(deps)
  const renderer = new RecordRenderer(deps)
  const textOf = (seen: AuditedRequest): string =>
    renderer.render(seen, deps.clock.now(), deps.ids.uuid())
  const recordDurably = async (seen: AuditedRequest): Promise<Error | undefined> => {
    try {
      await deps.log.recordDurably(textOf(seen))
      return undefined
    } catch (error) {
      if (!(error instanceof Error && isStorageFault(error))) throw error
      return error
    }
  }
  const settle = async (request: FastifyRequest, status: number): Promise<Error | undefined> => {
    if (!isAudited(request)) return undefined
    const seen = auditedOf(request, status)
    const event = renderer.eventOf(seen)
    if (!isAwaited(seen, event)) return undefined
    audited.add(request)
    const isDone = !event.isReadOnly && seen.decision !== 'deny' && status < 400
    if (isDone) tellChange(deps, seen)
    const fault = await recordDurably(seen)
    return isDone ? fault : undefined
  }
  // The other doors ask for themselves: /v2 answers past the framework, AWS's services each in a form of their own.
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.facts.door !== 'control') return payload
    const error = await settle(request, reply.statusCode)
    if (error === undefined) return payload
    const isFull = error instanceof StorageFullError
    void reply.code(isFull ? 507 : 500).type('application/json')
    if (isFull) void reply.header('retry-after', '60')
    void reply.removeHeader('content-length')
    const { requestId } = request.facts
    return JSON.stringify({
      error: { code: isFull ? 'STORAGE_FULL' : 'INTERNAL', message: error.message, requestId },
    })
  })
  app.addHook('onResponse', (request, reply, done) => {
    refusals.tell()
    if (isAudited(request) && !audited.has(request)) {
      const seen = auditedOf(request, reply.statusCode)
      const isKept =
        seen.caller === undefined && seen.decision === undefined
          ? refusals.take()
          : deps.withReads || !isAllowedRead(seen, renderer.eventOf(seen))
      if (isKept) deps.log.record(textOf(seen))
    }
    done()
  })
  app.addHook('onClose', (_, done) => {
    refusals.tellAll()
    done()
  })
  return {
    settle,
    requireWritable: () => deps.log.requireWritable(),
    recordAlso: (request, done) => recordDurably({ ...auditedOf(request, 200), ...done }),
  }
}

/** Credentials that are handed out, and what asks to be judged, change nothing that is judged. */
const changesNothing = /^(?:sts:|ecr:GetAuthorizationToken$|pratique:JudgePosture$)/

/** Whose it was, and who did it: a change across accounts may concern both. */
function tellChange({ onChange }: Deps, { caller, resource, action = '' }: AuditedRequest): void {
  if (changesNothing.test(action)) return
  const owner = parseAccountId(
    /^arn:[^:\s]*:[^:\s]*:[^:\s]*:(\d{12}):/.exec(resource ?? '')?.[1] ?? '',
  )
  for (const account of new Set([caller?.accountId, owner]))
    if (account !== undefined) onChange(account)
}

/** Whoever asks without credentials how to come in is told, and nothing was decided. */
function isAudited({ facts, headers, method }: FastifyRequest): boolean {
  const { door, caller, errorCode, decision } = facts
  // Lists, roots and timestamps are for everybody: nothing is decided.
  if (door === 'none' || door === 'health' || door === 'pki') return false
  // What clusters are told is in the audit log of their API server, by annotations; here only what was kept from running.
  if (door === 'admission') return decision === 'deny'
  if (door === 'aws' || caller !== undefined || decision !== undefined) return true
  const isQuestion = facts.operation === `${method} base` && headers.authorization === undefined
  return errorCode !== undefined && !isQuestion
}

/** Credentials that are refused are in the log within a second: who has none gets no disk to work for him. */
function isAwaited(seen: AuditedRequest, { isDurable }: AuditedEvent): boolean {
  const { caller, decision, status } = seen
  return (caller !== undefined || status < 400) && (isDurable || decision === 'deny')
}

function isAllowedRead({ decision }: AuditedRequest, event: AuditedEvent): boolean {
  return decision !== 'deny' && event.isReadOnly && event.isData
}

function auditedOf(request: FastifyRequest, status: number): AuditedRequest {
  const { facts, headers } = request
  const claim = facts.caller === undefined ? claimOf(request) : noClaim
  return {
    requestId: facts.requestId,
    door: facts.door,
    operation: facts.operation,
    action: facts.action,
    resource: facts.resource,
    decision: facts.decision,
    decidedBy: facts.decidedBy,
    policyEpoch: facts.policyEpoch,
    caller: facts.caller,
    ...claim,
    tokenHash: facts.tokenHash ?? sessionTokenHash(request),
    sourceAddress: request.ip,
    isSecure: request.protocol === 'https',
    host: headers.host,
    userAgent: headers['user-agent'],
    status,
    errorCode: facts.errorCode,
    errorMessage: facts.errorMessage,
    parameters: facts.parameters,
    responseElements: facts.responseElements,
  }
}

const noClaim = { hasCredentials: true, claimedKeyId: undefined }

/** Which key the refused credentials said they were of; what has not the form of an id may be a secret and is not kept. */
function claimOf(request: FastifyRequest): {
  readonly hasCredentials: boolean
  readonly claimedKeyId: string | undefined
} {
  const { authorization } = request.headers
  const url = request.raw.url ?? ''
  const signed = /[=?&]X-Amz-Credential=([A-Z0-9]{16,64})(?:%2F|\/)/i.exec(url)?.[1]
  if (authorization === undefined) {
    return { hasCredentials: signed !== undefined, claimedKeyId: keyIdIn(signed) }
  }
  const inHeader = /Credential=([A-Z0-9]{16,64})\//.exec(authorization.slice(0, 4096))?.[1]
  const read = readAuthorization(authorization)
  const user = read.scheme === 'basic' ? read.user : undefined
  return { hasCredentials: true, claimedKeyId: keyIdIn(inHeader ?? user) }
}

function keyIdIn(text: string | undefined): string | undefined {
  return text !== undefined && /^A[KS]IA[A-Z0-9]{12,60}$/.test(text) ? text : undefined
}

function sessionTokenHash({ headers, facts }: FastifyRequest): string | undefined {
  if (facts.door !== 'aws') return undefined
  const token = headers['x-amz-security-token']
  return typeof token === 'string' ? tokenHashOf(token) : undefined
}

class RefusalCount {
  readonly #deps: Deps
  #minute = 0
  #taken = 0
  #omitted = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Whether one more is recorded by itself. */
  take(): boolean {
    if (this.#taken < refusalsPerMinute) {
      this.#taken += 1
      return true
    }
    this.#omitted += 1
    return false
  }

  /** At the end of a minute. */
  tell(): void {
    const minute = Math.floor(this.#deps.clock.now().getTime() / 60_000)
    if (minute === this.#minute) return
    this.#minute = minute
    this.tellAll()
    this.#taken = 0
  }

  tellAll(): void {
    if (this.#omitted > 0) {
      this.#deps.log.note({ kind: 'refusals-omitted', count: this.#omitted })
    }
    this.#omitted = 0
  }
}
