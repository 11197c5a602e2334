import type { FastifyRequest } from 'fastify'
import type { Scope } from '../../access/rules/scope.ts'
import type { OriginHeaders } from '../origin.ts'
import { challengeFor, type ChallengeDeps } from './challenge.ts'
import type { OciError } from './errors.ts'

/** A refusal on the way to the handler. */
export class Refusal extends Error {
  readonly refused: OciError

  constructor(refused: OciError) {
    super(refused.message)
    this.refused = refused
  }
}

export function originHeaders(request: FastifyRequest): OriginHeaders {
  const forwardedProto = request.headers['x-forwarded-proto']
  return {
    host: request.headers.host,
    forwardedProto: Array.isArray(forwardedProto) ? forwardedProto[0] : forwardedProto,
    protocol: request.protocol,
  }
}

/** 401, and how to come in. */
export function unauthorized(
  edge: ChallengeDeps,
  request: FastifyRequest,
  message: string,
  need: Parameters<typeof challengeFor>[2],
): Refusal {
  const challenge = challengeFor(edge, originHeaders(request), need)
  const headers = { 'www-authenticate': challenge }
  return new Refusal({ status: 401, code: 'UNAUTHORIZED', message, headers })
}

export const signInMessage =
  'authentication required: log in with `pratique login` or `aws ecr get-login-password`'

/** 401 to who showed nothing. */
export function signIn(
  edge: ChallengeDeps,
  request: FastifyRequest,
  scopes: readonly Scope[],
): Refusal {
  return unauthorized(edge, request, signInMessage, { scopes, error: undefined })
}

/** The caller may do this, the token may not: another one is to be had. */
export function beyondToken(
  edge: ChallengeDeps,
  request: FastifyRequest,
  scopes: readonly Scope[],
): Refusal {
  const message = 'the token does not cover this request: ask for one with the scope that is named'
  return unauthorized(edge, request, message, { scopes, error: 'insufficient_scope' })
}
