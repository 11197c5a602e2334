import { removeFilter } from '../../../scanning/finding-filters.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { filterIdOf } from './filter-shape.ts'

export async function deleteFilter(
  deps: InspectorDeps,
  { arn }: { readonly arn: string },
  { caller }: InspectorCall,
): Promise<{ readonly arn: string }> {
  const { accountId: account } = caller
  await removeFilter(deps, account, filterIdOf(deps.region, account, arn))
  return { arn }
}
