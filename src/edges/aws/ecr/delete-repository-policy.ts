import { deleteRepositoryPolicy as remove } from '../../../registry/delete-repository-policy.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

export async function deleteRepositoryPolicy(
  deps: EcrDeps,
  input: { readonly registryId?: string; readonly repositoryName: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const policyText = await remove(deps.database, repository)
  return { registryId: repository.account, repositoryName: repository.name, policyText }
}
