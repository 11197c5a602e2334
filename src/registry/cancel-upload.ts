import { uploadUnknown, type UploadAddress } from './find-open-upload.ts'
import { giveUp, withUploadLease, type UploadDeps } from './upload-lease.ts'

/** Ends an open upload; its bytes are removed by the collector. */
export async function cancelUpload(deps: UploadDeps, address: UploadAddress): Promise<void> {
  await withUploadLease(deps, address, async (lease) => {
    if (!(await giveUp(deps, lease))) throw uploadUnknown(address)
  })
}
