import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { Database } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { isBlobReferenced, retireBlobIfUnlinked, unlinkBlob } from './linked-blob-store.ts'
import { getBlob } from './open-blob.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'

/** Takes the blob out of the repository; refused while a manifest there needs it. */
export async function deleteBlob(
  deps: { readonly database: Database; readonly clock: Clock },
  input: { readonly repository: RepositoryAddress; readonly digest: Digest },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const blob = await getBlob(tx, input)
    const repository = await getRepository(tx, input.repository)
    if (await isBlobReferenced(tx, repository.id, input.digest)) {
      throw registryError(
        'BLOB_REFERENCED',
        `blob ${input.digest} is used by a manifest of ${input.repository.name}; delete the manifest first`,
        { digest: input.digest },
      )
    }
    await unlinkBlob(tx, repository.id, blob.id)
    await retireBlobIfUnlinked(tx, blob.id, deps.clock.now())
  })
}
