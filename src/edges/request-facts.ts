import type { FastifyRequest } from 'fastify'
import type { Caller } from '../access/caller.ts'

/** What the log line of a request tells beside method and status; filled in as it becomes known. */
export interface RequestFacts {
  readonly requestId: string
  readonly startedAt: number
  /** Bounded set of names, for metrics: `PUT manifest`, `ecr:PutImage`. */
  operation: string
  door: 'oci' | 'aws' | 'control' | 'health' | 'none'
  caller: Caller | undefined
  action: string | undefined
  resource: string | undefined
  decision: 'allow' | 'deny' | undefined
  errorCode: string | undefined
  /** Of the answer, where it went past the framework and so past its headers. */
  bodyBytes: number | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    facts: RequestFacts
  }
}

/** Where a request comes from, as authentication is told of it. */
export function sourceOf(
  request: FastifyRequest,
): Pick<Caller, 'sourceAddress' | 'secureTransport'> {
  return { sourceAddress: request.ip, secureTransport: request.protocol === 'https' }
}
