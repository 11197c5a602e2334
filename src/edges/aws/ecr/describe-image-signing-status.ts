import { getRepository } from '../../../registry/repository-store.ts'
import { listSigningStatuses } from '../../../trust/list-signing-statuses.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { requireImage, type ImageId } from './image-id.ts'

export async function describeImageSigningStatus(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageId: ImageId
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const digest = await requireImage(deps.database, repository, input.imageId)
  const image = { repositoryId: repository.id, digest }
  const statuses = await listSigningStatuses(deps.database, image)
  return {
    repositoryName: repository.name,
    imageId: { ...input.imageId, imageDigest: digest },
    registryId: repository.account,
    signingStatuses: statuses.map(({ profileArn, state, failure }) => ({
      signingProfileArn: profileArn,
      status: state,
      ...(failure === undefined
        ? {}
        : { failureCode: failure.code, failureReason: failure.reason }),
    })),
  }
}
