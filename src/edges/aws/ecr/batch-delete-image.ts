// Spec:     Amazon ECR API Reference, BatchDeleteImage.
// Deviates: what refers to a deleted image (signatures, SBOMs) goes with it at once, not within a day.
import { deleteManifest, deleteTag } from '../../../registry/delete-manifest.ts'
import { isRegistryError } from '../../../registry/errors.ts'
import { getRepository, type Repository } from '../../../registry/repository-store.ts'
import { distinct } from './batch-get-image.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { findImage, type ImageFailure, type ImageId } from './image-id.ts'

/** By tag: that tag, and the image with its last one. By digest: the image with all its tags. Partial success is normal. */
export async function batchDeleteImage(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageIds: readonly ImageId[]
  },
  call: EcrCall,
): Promise<{ readonly imageIds: readonly ImageId[]; readonly failures: readonly ImageFailure[] }> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const imageIds: ImageId[] = []
  const failures: ImageFailure[] = []
  for (const imageId of distinct(input.imageIds)) {
    const result = await deleteOne(deps, repository, imageId, call.caller.principalArn)
    if ('failureCode' in result) failures.push(result)
    else imageIds.push(...result)
  }
  return { imageIds, failures }
}

async function deleteOne(
  deps: EcrDeps,
  repository: Repository,
  imageId: ImageId,
  principal: string,
): Promise<readonly ImageId[] | ImageFailure> {
  const found = await findImage(deps.database, repository, imageId)
  if (found.kind === 'failed') return found.failure
  const target = { repository, principal }
  try {
    if (found.tag !== undefined) {
      const { digest } = await deleteTag(deps, {
        ...target,
        tag: found.tag,
        whenLast: 'delete-image',
      })
      return [{ imageDigest: digest, imageTag: found.tag }]
    }
    const { digest, tags } = await deleteManifest(deps, {
      ...target,
      digest: found.digest,
      referrers: 'delete',
    })
    return tags.length === 0
      ? [{ imageDigest: digest }]
      : tags.map((imageTag) => ({ imageDigest: digest, imageTag }))
  } catch (error) {
    return failureOf(error, imageId)
  }
}

function failureOf(error: unknown, imageId: ImageId): ImageFailure {
  if (!isRegistryError(error)) throw error
  if (error.code === 'MANIFEST_REFERENCED') {
    const index = String(error.detail['index'])
    const failureReason = `Requested image referenced by manifest list: [${index}]`
    return { imageId, failureCode: 'ImageReferencedByManifestList', failureReason }
  }
  return { imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }
}
