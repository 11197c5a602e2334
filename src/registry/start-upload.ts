import type { Clock } from '../lib/clock.ts'
import type { Ids } from '../lib/ids.ts'
import type { DigestAlgorithm } from '../oci/digest.ts'
import { newStorageKey } from '../storage/blobs/blob-store.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import { insertUpload } from './upload-store.ts'

/** Opens an upload of zero bytes that only `principalId` may go on with; returns its UUID. */
export async function startUpload(
  deps: { readonly database: Database; readonly clock: Clock; readonly ids: Ids },
  input: {
    readonly repository: RepositoryAddress
    readonly principalId: string
    readonly algorithm: DigestAlgorithm
  },
): Promise<{ readonly uploadId: string }> {
  const uploadId = deps.ids.uuid()
  const storageKey = newStorageKey(deps.ids)
  // A session without bytes promises nothing that power must not take.
  const open = async (tx: SqlWriter): Promise<void> => {
    const repository = await getRepository(tx, input.repository)
    await insertUpload(
      tx,
      {
        id: uploadId,
        repositoryId: repository.id,
        principalId: input.principalId,
        algorithm: input.algorithm,
        storageKey,
      },
      deps.clock.now(),
    )
  }
  await deps.database.transaction(open, { survives: 'process' })
  return { uploadId }
}
