// What a row of Pratique's own API is made of.
import { parseRepositoryName } from '../../oci/repository-name.ts'
import { repositoryArn } from '../../policy/arn.ts'
import type { Readable } from 'node:stream'
import type { RequestKeys } from '../../access/request-context.ts'
import type { Caller } from '../../access/caller.ts'
import type { AccountId } from '../../policy/account-id.ts'

export type ControlAction = `pratique:${string}`

export interface ControlCall {
  /** The caller's own: this API speaks of no other. */
  readonly account: AccountId
  /** ARN of the caller, for what is kept of who did it. */
  readonly principal: string
  /** For what is carried out later as who asked for it. */
  readonly caller: Caller
  readonly query: URLSearchParams
  readonly body: Readable
  readonly signal: AbortSignal
}

export type ControlReply =
  | {
      readonly kind: 'json'
      readonly value: unknown
      /** What of it stands in the audit log, in fields that the log knows by name. */
      readonly audited?: unknown
    }
  /** One JSON document a line, as they come. */
  | { readonly kind: 'lines'; readonly values: AsyncIterable<unknown> }
  /** As they come; one that breaks off ends the connection, so that nobody takes it for whole. */
  | { readonly kind: 'bytes'; readonly type: string; readonly pieces: AsyncIterable<Uint8Array> }
  /** 400 where no status is given. */
  | {
      readonly kind: 'refused'
      readonly status?: 403 | 404
      readonly code: string
      readonly message: string
    }

export interface ControlRoute<Rooms> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly action: ControlAction
  /**
   * About the caller's own account and nothing else, always or for such a query. A row that does not say so is about the
   * installation: only the account that runs it may use the row, since a policy of another one can allow whatever that account likes.
   */
  readonly isOfAccount?: true | ((query: URLSearchParams) => boolean)
  /** ARNs that the action must be allowed on; `*` where it is not said. The account is the caller's. */
  readonly resources?: (
    query: URLSearchParams,
    place: { readonly account: AccountId; readonly region: string },
  ) => readonly string[]
  /** Condition keys that only the query tells. */
  readonly keys?: (query: URLSearchParams) => RequestKeys | undefined
  readonly run: (rooms: Rooms, call: ControlCall) => Promise<ControlReply>
}

export function refused(message: string): ControlReply {
  return { kind: 'refused', code: 'INVALID_PARAMETER', message }
}

/** The repository that a query names. A name that is none is refused later; until then only who may do so with all may ask. */
export function repositoryIn(
  query: URLSearchParams,
  { account, region }: { readonly account: AccountId; readonly region: string },
): readonly string[] {
  const name = parseRepositoryName(query.get('repository') ?? '')
  return [name === undefined ? '*' : repositoryArn(region, account, name)]
}
