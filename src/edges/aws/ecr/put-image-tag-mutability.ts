import { configureTagMutability } from '../../../registry/configure-repository.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { requireMutability } from './create-repository.ts'

export async function putImageTagMutability(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageTagMutability: string
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const tagMutability = requireMutability(input.imageTagMutability)
  const repository = repositoryIn(call, input)
  const { account, name } = await configureTagMutability(deps.database, {
    repository,
    tagMutability,
  })
  return { registryId: account, repositoryName: name, imageTagMutability: tagMutability }
}
