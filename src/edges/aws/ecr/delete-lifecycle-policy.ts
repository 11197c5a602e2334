import { deletePolicy } from '../../../lifecycle/put-policy.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { renderPolicy } from './get-lifecycle-policy.ts'

export async function deleteLifecyclePolicy(
  deps: EcrDeps,
  input: { readonly registryId?: string; readonly repositoryName: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  return renderPolicy(repository, await deletePolicy(deps, repository))
}
