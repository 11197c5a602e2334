import type { StoredLifecyclePolicy } from '../../../lifecycle/lifecycle-policy-store.ts'
import { requirePolicy } from '../../../lifecycle/put-policy.ts'
import { getRepository, type RepositoryAddress } from '../../../registry/repository-store.ts'
import { epochSeconds, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

export async function getLifecyclePolicy(
  { database }: EcrDeps,
  input: { readonly registryId?: string; readonly repositoryName: string },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(database, repositoryIn(call, input))
  return renderPolicy(repository, await requirePolicy(database, repository))
}

export function renderPolicy(
  { account, name }: RepositoryAddress,
  { text, evaluatedAt }: StoredLifecyclePolicy,
): Readonly<Record<string, unknown>> {
  return {
    registryId: account,
    repositoryName: name,
    lifecyclePolicyText: text,
    ...(evaluatedAt === undefined ? {} : { lastEvaluatedAt: epochSeconds(evaluatedAt) }),
  }
}
