import { getRepositoryPolicy as get } from '../../../registry/get-repository-policy.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

export async function getRepositoryPolicy(
  deps: EcrDeps,
  input: { readonly registryId?: string; readonly repositoryName: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const policyText = await get(deps.database, repository)
  return { registryId: repository.account, repositoryName: repository.name, policyText }
}
