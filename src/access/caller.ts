import type { AccountId } from '../policy/account-id.ts'
import type { Requester } from '../policy/requester.ts'
import type { SessionClaims } from './rules/session-claims.ts'

/** Who is calling, as authentication established it; nothing here comes from the request unverified. */
export interface Caller {
  readonly accountId: AccountId
  readonly requester: Requester
  /** As messages name it: of a session the session's. */
  readonly principalArn: string
  /** The unique id (`AIDA…`, `AROA…:session`, of root the account's id): survives renaming, never reused. */
  readonly principalId: string
  /** Of a session the session's. */
  readonly principalName: string
  readonly accessKeyId: string | undefined
  readonly method:
    | 'sigv4'
    | 'sigv4-presigned'
    | 'ecr-token'
    | 'access-key-basic'
    | 'bearer-token'
    /** Nothing was shown; made only where the setting for anonymous pulls is on. */
    | 'anonymous'
    /** Of a request whose credential is an ID token. */
    | 'web-identity'
    /** Whoever holds the data directory, while no server does. */
    | 'data-directory'
    /** This program, by itself. */
    | 'job'
  /** Of temporary credentials; undefined for a key that a user holds for good. */
  readonly session: SessionFacts | undefined
  readonly sourceAddress: string
  readonly secureTransport: boolean
  /** As the client writes them: advice, for who puts it into a condition. */
  readonly userAgent?: string | undefined
  readonly referer?: string | undefined
}

/** What was settled when a session was made, and holds until it ends. Its policies are read: a token may have but their hashes. */
export interface SessionFacts extends Omit<SessionClaims, 'accessKeyId' | 'owner' | 'policies'> {
  readonly policies: readonly string[]
}
