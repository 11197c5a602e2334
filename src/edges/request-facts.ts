import type { FastifyRequest } from 'fastify'
import type { Authorization } from '../access/authorize.ts'
import type { Caller } from '../access/caller.ts'
import type { Source } from '../access/principal.ts'
import type { AuditedStatement } from '../audit/render-record.ts'
import type { DecidingStatement } from '../policy/evaluate.ts'

/** What the log line of a request tells beside method and status; filled in as it becomes known. */
export interface RequestFacts {
  readonly requestId: string
  readonly startedAt: number
  /** Bounded set of names, for metrics: `PUT manifest`, `ecr:PutImage`. */
  operation: string
  door: 'oci' | 'aws' | 'control' | 'admission' | 'pki' | 'health' | 'none'
  caller: Caller | undefined
  action: string | undefined
  resource: string | undefined
  decision: 'allow' | 'deny' | undefined
  errorCode: string | undefined
  /** The sentence that the caller is told with it. */
  errorMessage: string | undefined
  /** The statements that settled the decision, and the state of policies under which they did. */
  decidedBy: readonly AuditedStatement[] | undefined
  policyEpoch: number | undefined
  /** First 12 hex digits of the SHA-256 of the token that was shown. */
  tokenHash: string | undefined
  /** As parsed, and of the answer what may be told of it: the audit log picks the fields that it knows by name. */
  parameters: unknown
  responseElements: unknown
  /** Of the answer, where it went past the framework and so past its headers. */
  bodyBytes: number | undefined
}

export function newFacts(requestId: string, method: string): RequestFacts {
  return {
    requestId,
    startedAt: performance.now(),
    operation: `${method} other`,
    door: 'none',
    caller: undefined,
    action: undefined,
    resource: undefined,
    decision: undefined,
    errorCode: undefined,
    errorMessage: undefined,
    decidedBy: undefined,
    policyEpoch: undefined,
    tokenHash: undefined,
    parameters: undefined,
    responseElements: undefined,
    bodyBytes: undefined,
  }
}

/** The part of them that a judgement fills in. */
export interface JudgedFacts {
  decision: 'allow' | 'deny' | undefined
  decidedBy?: readonly AuditedStatement[] | undefined
  policyEpoch?: number | undefined
}

/** What was decided, and by which statements. */
export function tellJudgement(facts: JudgedFacts, judged: Authorization): void {
  facts.decision = judged.kind
  facts.policyEpoch = judged.epoch
  facts.decidedBy = decidingOf(judged)
}

function decidingOf(judged: Authorization): readonly DecidingStatement[] {
  if (judged.kind === 'allow') return judged.decidedBy
  return judged.decision.kind === 'explicit-deny' ? judged.decision.decidedBy : []
}

declare module 'fastify' {
  interface FastifyRequest {
    facts: RequestFacts
  }
}

/** Where a request comes from, as authentication is told of it; each member is there, so that it replaces an earlier one. */
export function sourceOf(request: FastifyRequest): Required<Source> {
  const { headers } = request
  return {
    sourceAddress: request.ip,
    secureTransport: request.protocol === 'https',
    userAgent: headers['user-agent'],
    referer: headers.referer,
  }
}
