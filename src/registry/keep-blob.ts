import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { Database } from '../storage/database/database.ts'
import { isStorageFault } from '../storage/storage-full.ts'
import { isBlobReferenced, renewLink, type LinkedBlob } from './linked-blob-store.ts'

/**
 * Before a client is told that the repository has a blob: it will not push it, and may refer to it minutes later. A blob that
 * nothing but its age keeps is kept for the grace anew, at most once in half of it. False when it was collected meanwhile.
 */
export async function keepBlob(
  deps: { readonly database: Database; readonly clock: Clock; readonly graceMs: number },
  input: { readonly repositoryId: number; readonly digest: Digest; readonly blob: LinkedBlob },
): Promise<boolean> {
  const { repositoryId, digest, blob } = input
  if (deps.clock.now().getTime() - blob.linkedAt.getTime() < deps.graceMs / 2) return true
  if (await isBlobReferenced(deps.database, repositoryId, digest)) return true
  try {
    return await deps.database.transaction((tx) =>
      renewLink(tx, repositoryId, blob.id, deps.clock.now()),
    )
  } catch (error) {
    // On a disk that takes nothing reads go on; a manifest that comes too late is refused and its blob pushed again.
    if (isStorageFault(error)) return true
    throw error
  }
}
