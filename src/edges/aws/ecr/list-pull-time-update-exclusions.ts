import { listPullExclusions } from '../../../registry/pull-time-exclusion-store.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { keysetPage } from './page.ts'

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
  const { shown, next } = await keysetPage(deps, page, {
    list: (part) => listPullExclusions(deps.database, accountId, part),
    keyOf: (arn) => arn,
  })
  return { pullTimeUpdateExclusions: shown, ...next }
}
