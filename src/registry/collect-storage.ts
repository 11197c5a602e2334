import type { Clock } from '../lib/clock.ts'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import type { Database } from '../storage/database/database.ts'
import { deleteRetiredBlobRow, listRetiredBlobs } from './linked-blob-store.ts'
import { forgetDeletion, listDueDeletions, queueStorageDeletion } from './storage-deletion-store.ts'
import { deleteUploadRow, listIdleUploads } from './upload-store.ts'

/** An upload that nobody touched for a day is given up; ended ones are kept as long, so that a repeated close is answered. */
const uploadIdleMs = 24 * 3_600_000
/** Readers that opened a blob before it was deleted may go on for this long. */
const readGraceMs = 3_600_000
const batchSize = 500

/**
 * Removes bytes that no row needs: expired uploads, dropped copies, deleted blobs. Runs beside pushes and pulls;
 * a kill at any point leaves work for the next run, never a row without its bytes.
 */
export async function collectStorage(
  deps: { readonly database: Database; readonly blobs: BlobStore; readonly clock: Clock },
  _input: unknown,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  await expireUploads(deps)
  await removeQueued(deps, signal)
  await removeRetired(deps, signal)
}

type Deps = Parameters<typeof collectStorage>[0]

async function expireUploads(deps: Deps): Promise<void> {
  const now = deps.clock.now()
  const before = new Date(now.getTime() - uploadIdleMs)
  for (const upload of await listIdleUploads(deps.database, before, batchSize)) {
    await deps.database.transaction(async (tx) => {
      if (upload.state === 'open') await queueStorageDeletion(tx, upload.storageKey, now)
      await deleteUploadRow(tx, upload.id)
    })
  }
}

async function removeQueued(deps: Deps, signal: AbortSignal): Promise<void> {
  for (const key of await listDueDeletions(deps.database, deps.clock.now(), batchSize)) {
    signal.throwIfAborted()
    await deps.blobs.delete(key)
    await deps.database.transaction((tx) => forgetDeletion(tx, key))
  }
}

async function removeRetired(deps: Deps, signal: AbortSignal): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - readGraceMs)
  for (const blob of await listRetiredBlobs(deps.database, before, batchSize)) {
    signal.throwIfAborted()
    await deps.blobs.delete(blob.storageKey)
    await deps.database.transaction((tx) => deleteRetiredBlobRow(tx, blob.id))
  }
}
