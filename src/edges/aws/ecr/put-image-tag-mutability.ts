import { configureTagMutability } from '../../../registry/configure-repository.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import {
  readTagMutability,
  renderTagMutability,
  type TagMutabilityShape,
} from './tag-mutability-input.ts'

/** The whole setting is replaced: filters that are not given again are gone. */
export async function putImageTagMutability(
  deps: EcrDeps,
  input: TagMutabilityShape & {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageTagMutability: string
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const tagMutability = readTagMutability(input, 'MUTABLE')
  const repository = repositoryIn(call, input)
  const { account, name } = await configureTagMutability(deps.database, {
    repository,
    tagMutability,
  })
  return { registryId: account, repositoryName: name, ...renderTagMutability(tagMutability) }
}
