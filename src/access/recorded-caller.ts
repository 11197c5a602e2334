// A caller as a row keeps it, to be judged again later by the policies of then: a job acts as who asked for it, never as itself.
import type { Caller, SessionFacts } from './caller.ts'

/** JSON. Nothing in it is a secret: of credentials it has the id alone. */
export function writeCaller(caller: Caller): string {
  const { accountId, requester, principalArn, principalId, principalName, accessKeyId } = caller
  const { method, session, sourceAddress, secureTransport, userAgent, referer } = caller
  const identity = { accountId, requester, principalArn, principalId, principalName, accessKeyId }
  const connection = { method, session, sourceAddress, secureTransport, userAgent, referer }
  return JSON.stringify({ ...identity, ...connection })
}

type Written = Omit<Caller, 'session'> & {
  readonly session?: Omit<SessionFacts, 'issuedAt' | 'expiresAt'> & {
    readonly issuedAt: string
    readonly expiresAt: string
  }
}

/** Throws for what this program did not write. */
export function readCaller(text: string): Caller {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by writeCaller
  const { session, ...caller } = JSON.parse(text) as Written
  if (typeof caller.principalArn !== 'string') throw new Error('no caller is recorded')
  if (session === undefined) return { ...caller, session: undefined }
  const { issuedAt, expiresAt, ...facts } = session
  return {
    ...caller,
    session: { ...facts, issuedAt: new Date(issuedAt), expiresAt: new Date(expiresAt) },
  }
}
