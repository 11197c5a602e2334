import { findManifestSummary } from '../../../registry/manifest-store.ts'
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
  const image = await findManifestSummary(deps.database, repository.id, digest)
  const statuses =
    image === undefined ? [] : await listSigningStatuses(deps.database, repository, image)
  return {
    repositoryName: repository.name,
    imageId: { ...input.imageId, imageDigest: digest },
    registryId: repository.account,
    signingStatuses: statuses.map(({ profileArn, state, failureCode, failureReason }) => ({
      signingProfileArn: profileArn,
      status: state,
      failureCode,
      failureReason,
    })),
  }
}
