import { bumpPolicyEpoch } from '../access/policy-epoch-store.ts'
import type { Clock } from '../lib/clock.ts'
import type { Database } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { listLinkedBlobIds, retireUnlinkedBlobs } from './linked-blob-store.ts'
import {
  deleteRepositoryRow,
  getRepository,
  repositoryHasManifests,
  type Repository,
  type RepositoryAddress,
} from './repository-store.ts'
import { queueStorageDeletion } from './storage-deletion-store.ts'
import { leaseMs } from './upload-lease.ts'
import { listUploadKeys } from './upload-store.ts'
import { uncountRepository } from './usage-store.ts'

/** Deletes the repository with all it holds; one with images only by `force`. */
export async function deleteRepository(
  deps: { readonly database: Database; readonly clock: Clock },
  input: { readonly repository: RepositoryAddress; readonly force: boolean },
): Promise<Repository> {
  return deps.database.transaction(async (tx) => {
    const repository = await getRepository(tx, input.repository)
    if (!input.force && (await repositoryHasManifests(tx, repository.id))) {
      throw registryError('REPOSITORY_NOT_EMPTY', `repository ${repository.name} holds images`, {
        repository: repository.name,
        account: repository.account,
      })
    }
    const now = deps.clock.now()
    const blobIds = await listLinkedBlobIds(tx, repository.id)
    // A request may be about to write to an upload: removed before it does, the bytes would come back with no row.
    const removeAfter = new Date(now.getTime() + leaseMs)
    for (const key of await listUploadKeys(tx, repository.id)) {
      await queueStorageDeletion(tx, key, removeAfter)
    }
    await uncountRepository(tx, repository.id)
    await deleteRepositoryRow(tx, repository.id)
    await bumpPolicyEpoch(tx)
    await retireUnlinkedBlobs(tx, blobIds, now)
    return repository
  })
}
