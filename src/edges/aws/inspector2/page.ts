import { decodeToken, encodeToken } from '../protocol/paging-token.ts'
import type { InspectorDeps } from './call.ts'
import { invalidField } from './errors.ts'

/** What one page of a list was asked for: the operation, and the inputs that shape the list. */
export interface ListIdentity {
  readonly operation: string
  readonly inputs: unknown
}

/** Where the page begins: the cursor in its token, or undefined for the first page. */
export function cursorOf(
  { pagingKey }: Pick<InspectorDeps, 'pagingKey'>,
  list: ListIdentity,
  nextToken: string | undefined,
): unknown {
  // Command lines send an empty one for none.
  if (nextToken === undefined || nextToken === '') return undefined
  const cursor = decodeToken(pagingKey, list, nextToken)
  if (cursor !== undefined) return cursor
  throw invalidField(
    'nextToken',
    'the token is not of this list: other parameters, or data that has changed since; list again from the first page',
  )
}

/** `nextToken` for the answer, absent at the end. */
export function nextTokenFor(
  { pagingKey, ids }: Pick<InspectorDeps, 'pagingKey' | 'ids'>,
  list: ListIdentity,
  cursor: unknown,
): { readonly nextToken?: string } {
  if (cursor === undefined) return {}
  return { nextToken: encodeToken(pagingKey, ids.bytes(12), list, cursor) }
}
