import { uploadUnknown, type UploadAddress } from './find-open-upload.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import { giveUp, withUploadLease, type UploadDeps } from './upload-lease.ts'
import { findUploadOwner } from './upload-store.ts'

/** Ends an open upload; its bytes go. */
export async function cancelUpload(deps: UploadDeps, address: UploadAddress): Promise<void> {
  await withUploadLease(deps, address, async (lease) => {
    if (!(await giveUp(deps, lease))) throw uploadUnknown(address)
  })
}

/** The same for whoever began it: for those who may delete images. */
export async function cancelAnyUpload(
  deps: UploadDeps,
  address: { readonly repository: RepositoryAddress; readonly uploadId: string },
): Promise<void> {
  const { id: repositoryId } = await getRepository(deps.database, address.repository)
  const owner = await findUploadOwner(deps.database, { id: address.uploadId, repositoryId })
  // Nobody's id: the refusal is that of an upload which is not there.
  await cancelUpload(deps, { ...address, principalId: owner ?? '' })
}
