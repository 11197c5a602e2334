import { updateFilter as update } from '../../../scanning/finding-filters.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { criteriaOf } from './filter-inputs.ts'
import { filterIdOf } from './filter-shape.ts'

export async function updateFilter(
  deps: InspectorDeps,
  input: {
    readonly filterArn: string
    readonly name?: string
    readonly action?: 'NONE' | 'SUPPRESS'
    readonly filterCriteria?: object
    readonly description?: string
    readonly reason?: string
  },
  { caller }: InspectorCall,
): Promise<{ readonly arn: string }> {
  const { accountId: account, principalArn: principal } = caller
  const { filterArn: arn, filterCriteria, ...given } = input
  const { name, action, description, reason } = given
  const changes = {
    ...(name === undefined ? {} : { name }),
    ...(action === undefined ? {} : { action }),
    ...(description === undefined ? {} : { description }),
    ...(reason === undefined ? {} : { reason }),
    ...(filterCriteria === undefined ? {} : { criteria: criteriaOf(filterCriteria) }),
  }
  await update(deps, { account, principal, id: filterIdOf(deps.region, account, arn), changes })
  return { arn }
}
