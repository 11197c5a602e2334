import { deleteRepository as remove } from '../../../registry/delete-repository.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { renderRepository } from './repository-shape.ts'

export async function deleteRepository(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly force?: boolean
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const deleted = await remove(deps, { repository, force: input.force ?? false })
  return { repository: renderRepository(deps, deleted) }
}
