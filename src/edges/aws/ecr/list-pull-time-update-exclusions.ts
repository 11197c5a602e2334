import { listPullExclusions } from '../../../registry/pull-time-exclusion-store.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { cursorOf, defaultPageSize, nextTokenFor } from './page.ts'

export async function listPullTimeUpdateExclusions(
  deps: EcrDeps,
  { nextToken, maxResults }: { readonly nextToken?: string; readonly maxResults?: number },
  { caller }: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { accountId } = caller
  const page = {
    operation: 'ListPullTimeUpdateExclusions',
    inputs: accountId,
    nextToken,
    maxResults,
  }
  const limit = maxResults ?? defaultPageSize
  const cursor = cursorOf(deps, page)
  const after = typeof cursor === 'string' ? cursor : ''
  const found = await listPullExclusions(deps.database, accountId, { after, limit: limit + 1 })
  const shown = found.slice(0, limit)
  return {
    pullTimeUpdateExclusions: shown,
    ...nextTokenFor(deps, page, found.length > limit ? shown.at(-1) : undefined),
  }
}
