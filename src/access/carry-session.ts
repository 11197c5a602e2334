import { createHash } from 'node:crypto'
import type { Caller, SessionFacts } from './caller.ts'
import type { CarriedPolicy, SessionClaims, SessionOwner } from './rules/session-claims.ts'

/** A longer policy is stored, and the token has its hash: tokens travel in headers. */
const longestCarried = 1024

export function carryPolicy(text: string): CarriedPolicy {
  return Buffer.byteLength(text) <= longestCarried ? { text } : { hash: hashOf(text) }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/**
 * What a token made from this caller's credential says of its session, so that the session's limits hold for the token too;
 * undefined for a caller without one.
 */
export function claimsOfCaller(caller: Caller): SessionClaims | undefined {
  const { session, accessKeyId } = caller
  if (session === undefined || accessKeyId === undefined) return undefined
  return claimsOf({ ...session, accessKeyId, owner: ownerOf(caller) })
}

export function claimsOf(
  facts: SessionFacts & { readonly accessKeyId: string; readonly owner: SessionOwner },
): SessionClaims {
  return { ...facts, policies: facts.policies.map(carryPolicy) }
}

function ownerOf({ requester, principalName }: Caller): SessionOwner {
  switch (requester.kind) {
    case 'root':
      return { kind: 'user', id: requester.account }
    case 'user':
      return { kind: 'user', id: requester.id }
    case 'assumed-role':
      return { kind: 'role', id: requester.roleId, sessionName: principalName }
    case 'federated-user':
      return { kind: 'federated-user', id: requester.userId, sessionName: principalName }
    case 'anonymous':
    case 'service':
    case 'web-identity':
      throw new Error(`a caller of kind ${requester.kind} has no session`)
  }
}
