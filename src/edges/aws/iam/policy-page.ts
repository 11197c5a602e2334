import { accessError } from '../../../access/errors.ts'
import { decodeToken, encodeToken } from '../protocol/paging-token.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import type { IamDeps } from './call.ts'

/** What one page of a list was asked for. */
export interface PageRequest {
  readonly operation: string
  /** What shapes the list: account, owner, filters. */
  readonly inputs: unknown
  readonly Marker?: string
  readonly MaxItems?: number
}

export const defaultPageSize = 100

/** Where the page begins: after what the marker names; undefined for the first page. */
export function cursorOf(deps: Pick<IamDeps, 'pagingKey'>, asked: PageRequest): string | undefined {
  if (asked.Marker === undefined) return undefined
  const cursor = decodeToken(deps.pagingKey, asked, asked.Marker)
  if (typeof cursor === 'string') return cursor
  throw accessError('INPUT_CONSTRAINT', 'Invalid Marker.')
}

/** The members of an answer that say whether and where the list goes on. */
export function pagingShape(
  deps: Pick<IamDeps, 'pagingKey' | 'ids'>,
  asked: PageRequest,
  next: string | undefined,
): QueryStructure {
  if (next === undefined) return { IsTruncated: false }
  const marker = encodeToken(deps.pagingKey, deps.ids.bytes(12), asked, next)
  return { IsTruncated: true, Marker: marker }
}

/** One page of a list that is here in whole, in the order of keys that name one item each. */
export function pageOf<T>(
  deps: Pick<IamDeps, 'pagingKey' | 'ids'>,
  asked: PageRequest,
  items: readonly T[],
  keyOf: (item: T) => string,
): { readonly items: readonly T[]; readonly paging: QueryStructure } {
  const after = cursorOf(deps, asked)
  const keyed = items.map((item) => ({ item, key: keyOf(item) }))
  const ordered = keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  const rest = after === undefined ? ordered : ordered.filter(({ key }) => key > after)
  const page = rest.slice(0, asked.MaxItems ?? defaultPageSize)
  const next = page.length < rest.length ? page.at(-1)?.key : undefined
  return { items: page.map(({ item }) => item), paging: pagingShape(deps, asked, next) }
}
