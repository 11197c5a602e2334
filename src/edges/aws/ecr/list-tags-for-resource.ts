import { getRepository } from '../../../registry/repository-store.ts'
import { listRepositoryTags } from '../../../registry/repository-tag-store.ts'
import type { EcrDeps } from './call.ts'
import { repositoryOfArn, type TagShape } from './resource-tags.ts'

export async function listTagsForResource(
  deps: EcrDeps,
  input: { readonly resourceArn: string },
): Promise<{ readonly tags: readonly TagShape[] }> {
  const repository = await getRepository(
    deps.database,
    repositoryOfArn(deps.region, input.resourceArn),
  )
  const tags = await listRepositoryTags(deps.database, repository.id)
  return { tags: tags.map(({ key, value }) => ({ Key: key, Value: value })) }
}
