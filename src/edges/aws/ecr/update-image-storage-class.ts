// Spec:     Amazon ECR API Reference, UpdateImageStorageClass.
// Deviates: an image comes back at once and is never ACTIVATING; nothing is charged, and it may be deleted from the archive at any time.
import { changeStorageClass } from '../../../registry/change-storage-class.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { requireImage, type ImageId } from './image-id.ts'

/** Archives an image or brings it back, at once: nothing here is ever ACTIVATING. */
export async function updateImageStorageClass(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageId: ImageId
    readonly targetStorageClass: 'STANDARD' | 'ARCHIVE'
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const digest = await requireImage(deps.database, repository, input.imageId)
  const isArchive = input.targetStorageClass === 'ARCHIVE'
  await changeStorageClass(deps, { repository, digest, to: isArchive ? 'archive' : 'restore' })
  if (!isArchive) deps.wake()
  return {
    registryId: repository.account,
    repositoryName: repository.name,
    imageId: { ...input.imageId, imageDigest: digest },
    imageStatus: isArchive ? 'ARCHIVED' : 'ACTIVE',
  }
}
