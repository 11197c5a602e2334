import { tagRepository } from '../../../registry/tag-repository.ts'
import type { EcrDeps } from './call.ts'
import { readTags, repositoryOfArn, type TagShape } from './resource-tags.ts'

export async function tagResource(
  deps: EcrDeps,
  input: { readonly resourceArn: string; readonly tags: readonly TagShape[] },
): Promise<Readonly<Record<string, never>>> {
  const repository = repositoryOfArn(deps.region, input.resourceArn)
  await tagRepository(deps.database, { repository, tags: readTags(input.tags) })
  return {}
}
