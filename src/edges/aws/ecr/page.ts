import { decodeToken, encodeToken } from '../protocol/paging-token.ts'
import type { EcrDeps } from './call.ts'
import { invalidParameter } from './errors.ts'

/** What one page of a list was asked for: the operation, the inputs that shape the list, and how much of it. */
export interface PageRequest {
  readonly operation: string
  readonly inputs: unknown
  readonly nextToken: string | undefined
  readonly maxResults: number | undefined
}

export const defaultPageSize = 100

/** Where the page begins: the cursor in its token, or undefined for the first page. */
export function cursorOf(deps: Pick<EcrDeps, 'pagingKey'>, page: PageRequest): unknown {
  if (page.nextToken === undefined) return undefined
  const cursor = decodeToken(deps.pagingKey, page, page.nextToken)
  if (cursor !== undefined) return cursor
  throw invalidParameter(
    'nextToken',
    'Invalid token: use the nextToken of the same operation with the same parameters',
  )
}

/** `nextToken` for the answer, absent at the end. */
export function nextTokenFor(
  deps: Pick<EcrDeps, 'pagingKey' | 'ids'>,
  page: PageRequest,
  cursor: unknown,
): { readonly nextToken?: string } {
  if (cursor === undefined) return {}
  return { nextToken: encodeToken(deps.pagingKey, deps.ids.bytes(12), page, cursor) }
}

/** A page of a list whose cursor is one text: that of the last entry shown. `list` is asked for one more, to know whether there is. */
export async function keysetPage<Entry>(
  deps: Pick<EcrDeps, 'pagingKey' | 'ids'>,
  page: PageRequest,
  {
    list,
    keyOf,
  }: {
    readonly list: (page: {
      readonly after: string
      readonly limit: number
    }) => Promise<readonly Entry[]>
    readonly keyOf: (entry: Entry) => string
  },
): Promise<{ readonly shown: readonly Entry[]; readonly next: { readonly nextToken?: string } }> {
  const limit = page.maxResults ?? defaultPageSize
  const cursor = cursorOf(deps, page)
  const found = await list({ after: typeof cursor === 'string' ? cursor : '', limit: limit + 1 })
  const shown = found.slice(0, limit)
  const last = found.length > limit ? shown.at(-1) : undefined
  return { shown, next: nextTokenFor(deps, page, last === undefined ? undefined : keyOf(last)) }
}

/** Explicit ids name the answer; asking for pages of it too is a contradiction. */
export function refusePagingWithIds(
  member: string,
  input: { readonly nextToken?: string; readonly maxResults?: number },
): void {
  if (input.nextToken === undefined && input.maxResults === undefined) return
  const given = input.nextToken === undefined ? 'maxResults' : 'nextToken'
  throw invalidParameter(given, `must not be given together with ${member}`)
}
