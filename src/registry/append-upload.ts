import { registryError } from './errors.ts'
import type { UploadAddress } from './find-open-upload.ts'
import { limitBody } from './quotas.ts'
import { receiveBytes, type Body, type Received } from './receive-bytes.ts'
import { lostUpload, makeDurable, withUploadLease, type UploadDeps } from './upload-lease.ts'
import { acknowledgeBytes, type Upload } from './upload-store.ts'

/** The API's smallest part, 5 MiB; only the last of an upload may be smaller. */
const minPartBytes = 5 * 1024 * 1024

/**
 * Adds a body to an open upload. `start`, where the client says, must be where the upload stands.
 * Returns the upload's size in bytes; throws UPLOAD_OUT_OF_ORDER (detail `size`), UPLOAD_BUSY, SIZE_MISMATCH …
 */
export async function appendUpload(
  deps: UploadDeps,
  input: UploadAddress & { readonly start?: number; readonly body: Body },
): Promise<{ readonly size: number }> {
  return withUploadLease(deps, input, async (lease) => {
    const { upload, holder } = lease
    refuseOutOfOrder(upload, input.start)
    const { body } = input
    const announced = body.announcedBytes ?? body.expectedBytes ?? 0
    const limit = await limitBody(deps.database, upload.repositoryId, announced)
    const received = await receiveBytes(deps, lease, body, limit)
    // The answer promises the bytes: a client goes on from there, and may have thrown away what it sent.
    await makeDurable(deps, lease)
    const next = { ...upload, ...partsAfter(upload, received.size) }
    const acknowledged = await deps.database.transaction((tx) =>
      acknowledgeBytes(tx, next, holder, deps.clock.now()),
    )
    if (!acknowledged) throw await lostUpload(deps, upload, input)
    deps.hashes.keep(upload.id, received.size, received.hash)
    refuseInterrupted(upload, received)
    return { size: received.size }
  })
}

export function refuseOutOfOrder(upload: Upload, start: number | undefined): void {
  if (start === undefined || start === upload.size) return
  throw registryError(
    'UPLOAD_OUT_OF_ORDER',
    `the chunk begins at byte ${start}, the upload has ${upload.size} bytes: go on from there`,
    { uploadId: upload.id, size: upload.size },
  )
}

/** Which parts came before matters to CompleteLayerUpload only, and only for parts that are not the last. */
function partsAfter(
  upload: Upload,
  size: number,
): Pick<Upload, 'size' | 'lastPartSize' | 'hasShortPart'> {
  const isFirst = upload.size === 0
  const hasShortPart = upload.hasShortPart || (!isFirst && upload.lastPartSize < minPartBytes)
  return { size, lastPartSize: size - upload.size, hasShortPart }
}

/** After what arrived has been acknowledged: the client learns that it must go on. */
function refuseInterrupted(upload: Upload, received: Received): void {
  if (!('interruption' in received)) return
  throw registryError(
    'UPLOAD_INTERRUPTED',
    `the body of upload ${upload.id} broke off at ${received.size} bytes`,
    { uploadId: upload.id, size: received.size },
    { cause: received.interruption },
  )
}
