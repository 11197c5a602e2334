import { createFilter as create } from '../../../scanning/finding-filters.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { criteriaOf } from './filter-inputs.ts'
import { filterArn } from './filter-shape.ts'
import { requireOwnKeys } from './resource-tags.ts'

export async function createFilter(
  deps: InspectorDeps,
  input: {
    readonly name: string
    readonly action: 'NONE' | 'SUPPRESS'
    readonly filterCriteria: object
    readonly description?: string
    readonly reason?: string
    readonly tags?: Readonly<Record<string, string>>
  },
  { caller }: InspectorCall,
): Promise<{ readonly arn: string }> {
  const { accountId: account, principalArn: principal } = caller
  const { name, action, filterCriteria, description, reason, tags = {} } = input
  requireOwnKeys(Object.keys(tags))
  const criteria = criteriaOf(filterCriteria)
  const id = await create(deps, {
    account,
    principal,
    name,
    action,
    criteria,
    description,
    reason,
    tags,
  })
  return { arn: filterArn(deps.region, account, id) }
}
