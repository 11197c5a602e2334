import { getOpenUpload, type UploadAddress } from './find-open-upload.ts'
import { uploadBusy, withUploadLease, type UploadDeps } from './receive-bytes.ts'
import { queueStorageDeletion } from './storage-deletion-store.ts'
import { closeUpload } from './upload-store.ts'

/** Ends an open upload; its bytes are removed by the collector. */
export async function cancelUpload(deps: UploadDeps, address: UploadAddress): Promise<void> {
  const upload = await getOpenUpload(deps.database, address)
  await withUploadLease(deps, upload, async (holder) => {
    const now = deps.clock.now()
    await deps.database.transaction(async (tx) => {
      const closed = await closeUpload(tx, upload.id, holder, { state: 'aborted', now })
      if (!closed) throw uploadBusy(upload)
      await queueStorageDeletion(tx, upload.storageKey, now)
    })
  })
}
