import { listIdentityTags } from '../../../access/identity-tag-store.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import type { IamDeps } from './call.ts'
import { pageOf, sliceOf, type PageRequest } from './page.ts'
import { tagList } from './shapes.ts'

/** One page of the tags of the entity whose id is the request's `inputs`, as every `List…Tags` answers. */
export async function tagPage(
  deps: IamDeps,
  request: PageRequest & { readonly inputs: string },
): Promise<QueryStructure> {
  const all = await listIdentityTags(deps.database, request.inputs)
  const page = await pageOf(deps, request, sliceOf(all, tagOrder), tagOrder)
  return { Tags: tagList(page.entries), ...page.paging }
}

function tagOrder({ key }: { readonly key: string }): string {
  return key
}
