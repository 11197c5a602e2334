import {
  findFilter,
  listFilterRows,
  type FindingFilter,
} from '../../../scanning/finding-filter-store.ts'
import type { AccountId } from '../../../policy/account-id.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { filterIdOf, renderFilter } from './filter-shape.ts'
import { cursorOf, nextTokenFor } from './page.ts'

export async function listFilters(
  deps: InspectorDeps,
  input: {
    readonly arns?: readonly string[]
    readonly action?: 'NONE' | 'SUPPRESS'
    readonly maxResults?: number
    readonly nextToken?: string
  },
  { caller }: InspectorCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { accountId: account } = caller
  const { arns = [], action, maxResults = 100 } = input
  if (arns.length > 0) {
    const found = await filtersNamed(deps, account, arns)
    const meant = found.filter((filter) => action === undefined || filter.action === action)
    return { filters: meant.map((filter) => renderFilter(deps.region, filter)) }
  }
  const list = { operation: 'ListFilters', inputs: [account, action ?? ''] }
  const cursor = cursorOf(deps, list, input.nextToken)
  const after = typeof cursor === 'string' ? cursor : ''
  const page = { after, limit: maxResults + 1, ...(action === undefined ? {} : { action }) }
  const rows = await listFilterRows(deps.reader, account, page)
  const shown = rows.slice(0, maxResults)
  const next = rows.length > maxResults ? shown.at(-1)?.name : undefined
  return {
    filters: shown.map((filter) => renderFilter(deps.region, filter)),
    ...nextTokenFor(deps, list, next),
  }
}

async function filtersNamed(
  { reader, region }: InspectorDeps,
  account: AccountId,
  arns: readonly string[],
): Promise<readonly FindingFilter[]> {
  const found: FindingFilter[] = []
  for (const arn of new Set(arns)) {
    const filter = await findFilter(reader, account, filterIdOf(region, account, arn))
    if (filter !== undefined) found.push(filter)
  }
  return found
}
