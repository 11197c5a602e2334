// Tags of filters, the only resources of this service that have some.
import { getFilter, tagFilter } from '../../../scanning/finding-filters.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { badRequest } from './errors.ts'
import { filterIdOf } from './filter-shape.ts'

export async function listTagsForResource(
  deps: InspectorDeps,
  { resourceArn }: { readonly resourceArn: string },
  { caller }: InspectorCall,
): Promise<{ readonly tags: Readonly<Record<string, string>> }> {
  const { accountId: account } = caller
  const { tags } = await getFilter(
    deps.reader,
    account,
    filterIdOf(deps.region, account, resourceArn),
  )
  return { tags }
}

export async function tagResource(
  deps: InspectorDeps,
  {
    resourceArn,
    tags,
  }: { readonly resourceArn: string; readonly tags: Readonly<Record<string, string>> },
  { caller }: InspectorCall,
): Promise<Readonly<Record<string, never>>> {
  const { accountId: account } = caller
  requireOwnKeys(Object.keys(tags))
  const id = filterIdOf(deps.region, account, resourceArn)
  await tagFilter(deps, { account, id, put: tags, remove: [] })
  return {}
}

export async function untagResource(
  deps: InspectorDeps,
  { resourceArn, tagKeys }: { readonly resourceArn: string; readonly tagKeys: readonly string[] },
  { caller }: InspectorCall,
): Promise<Readonly<Record<string, never>>> {
  const { accountId: account } = caller
  const id = filterIdOf(deps.region, account, resourceArn)
  await tagFilter(deps, { account, id, put: {}, remove: tagKeys })
  return {}
}

export function requireOwnKeys(keys: readonly string[]): void {
  const reserved = keys.find((key) => key.toLowerCase().startsWith('aws:'))
  if (reserved !== undefined)
    throw badRequest(`tag keys that begin with aws: are AWS's own: ${reserved}`)
}
