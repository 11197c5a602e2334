import { accessError } from '../../../access/errors.ts'
import { decodeToken, encodeToken } from '../protocol/paging-token.ts'
import type { QueryCall } from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import type { IamDeps } from './call.ts'

/** AWS's own where none is asked for. */
const defaultPageSize = 100

/** What one page of a list was asked for. */
export interface PageRequest {
  readonly operation: string
  readonly call: QueryCall
  /** What shapes the list besides the account: filters, the entity whose list it is. */
  readonly inputs?: unknown
  readonly input: { readonly Marker?: string; readonly MaxItems?: number }
}

/**
 * One page, and `IsTruncated` with the `Marker` that goes on. `read` gives up to `limit` entries from behind a cursor, which is
 * what `cursorOf` gave of the last entry before, or the empty text.
 */
export async function pageOf<T>(
  deps: Pick<IamDeps, 'pagingKey' | 'ids'>,
  request: PageRequest,
  read: (page: { readonly after: string; readonly limit: number }) => Promise<readonly T[]>,
  cursorOf: (entry: T) => string,
): Promise<{ readonly entries: readonly T[]; readonly paging: QueryStructure }> {
  const { operation, call, inputs, input } = request
  const list = { operation: `iam:${operation}`, inputs: [call.caller.accountId, inputs ?? null] }
  const after = input.Marker === undefined ? '' : decodeToken(deps.pagingKey, list, input.Marker)
  if (typeof after !== 'string') throw accessError('INPUT_CONSTRAINT', 'Invalid Marker.')
  const size = input.MaxItems ?? defaultPageSize
  const found = await read({ after, limit: size + 1 })
  const entries = found.slice(0, size)
  const last = entries.at(-1)
  if (found.length <= size || last === undefined) {
    return { entries, paging: { IsTruncated: false } }
  }
  const Marker = encodeToken(deps.pagingKey, deps.ids.bytes(12), list, cursorOf(last))
  return { entries, paging: { IsTruncated: true, Marker } }
}

/** A page of what is at hand as a whole, in the order of `keyOf`. */
export function sliceOf<T>(
  all: readonly T[],
  keyOf: (entry: T) => string,
): (page: { readonly after: string; readonly limit: number }) => Promise<readonly T[]> {
  return async ({ after, limit }) => {
    const rest = after === '' ? all : all.filter((entry) => keyOf(entry) > after)
    return Promise.resolve(rest.slice(0, limit))
  }
}

/** Names are unique in lower case, and lists are in that order. */
export function nameKey(entry: { readonly name: string }): string {
  return entry.name.toLowerCase()
}
