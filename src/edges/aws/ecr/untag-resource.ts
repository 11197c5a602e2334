// Spec:     Amazon ECR API Reference, UntagResource.
// Deviates: keys that are not there are no error.
import { untagRepository } from '../../../registry/tag-repository.ts'
import type { EcrDeps } from './call.ts'
import { readTagKeys, repositoryOfArn } from './resource-tags.ts'

export async function untagResource(
  deps: EcrDeps,
  input: { readonly resourceArn: string; readonly tagKeys: readonly string[] },
): Promise<Readonly<Record<string, never>>> {
  const repository = repositoryOfArn(deps.region, input.resourceArn)
  await untagRepository(deps.database, { repository, keys: readTagKeys(input.tagKeys) })
  return {}
}
