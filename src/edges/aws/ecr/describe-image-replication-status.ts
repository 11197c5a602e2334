import { getRepository } from '../../../registry/repository-store.ts'
import { listReplicationStatuses } from '../../../replication/list-replication-statuses.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { requireImage, type ImageId } from './image-id.ts'

export async function describeImageReplicationStatus(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageId: ImageId
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const imageDigest = await requireImage(deps.database, repository, input.imageId)
  const statuses = await listReplicationStatuses(deps.database, repository)
  return {
    repositoryName: repository.name,
    imageId: { ...input.imageId, imageDigest },
    replicationStatuses: statuses.map(({ destination, state, failureCode }) => ({
      region: destination.region,
      registryId: destination.registry,
      status: state,
      failureCode,
    })),
  }
}
