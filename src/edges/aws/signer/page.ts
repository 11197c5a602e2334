import { decodeToken, encodeToken } from '../protocol/paging-token.ts'
import type { SignerDeps } from './call.ts'
import { validation } from './errors.ts'

/** What one page of a list was asked for: the operation, and the inputs that shape the list. */
interface ListIdentity {
  readonly operation: string
  readonly inputs: unknown
}

/** Where the page begins; undefined for the first. */
export function cursorText(
  { pagingKey }: Pick<SignerDeps, 'pagingKey'>,
  list: ListIdentity,
  nextToken: string | undefined,
): string | undefined {
  // Command lines send an empty one for none.
  if (nextToken === undefined || nextToken === '') return undefined
  const cursor = decodeToken(pagingKey, list, nextToken)
  if (typeof cursor === 'string') return cursor
  throw validation('nextToken is not of this list; list again from the first page')
}

/** `nextToken` for the answer, absent at the end. */
export function nextTokenFor(
  { pagingKey, ids }: Pick<SignerDeps, 'pagingKey' | 'ids'>,
  list: ListIdentity,
  cursor: string | undefined,
): { readonly nextToken?: string } {
  if (cursor === undefined) return {}
  return { nextToken: encodeToken(pagingKey, ids.bytes(12), list, cursor) }
}
