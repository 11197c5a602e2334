import type { DigestAlgorithm } from '../oci/digest.ts'
import { newStorageKey } from '../storage/blobs/blob-store.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'
import type { UploadDeps } from './upload-lease.ts'
import { countOpenUploads, insertUpload } from './upload-store.ts'

/** Uploads that were not touched for so long are not in hand: crashed clients leave them, and the collector ends them. */
const inHandMs = 3_600_000

/**
 * Opens an upload of zero bytes that only `principalId` may go on with; returns its UUID. UPLOADS_TOO_MANY for a principal
 * that has too many in hand: each is a row, a file and a claim on the quota.
 */
export async function startUpload(
  deps: Pick<UploadDeps, 'database' | 'clock' | 'ids' | 'maxOpenUploads'>,
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
    const now = deps.clock.now()
    const since = new Date(now.getTime() - inHandMs)
    const inHand = await countOpenUploads(tx, input.principalId, since, deps.maxOpenUploads)
    if (inHand >= deps.maxOpenUploads) throw tooMany(deps.maxOpenUploads)
    await insertUpload(
      tx,
      {
        id: uploadId,
        repositoryId: repository.id,
        principalId: input.principalId,
        algorithm: input.algorithm,
        storageKey,
      },
      now,
    )
  }
  await deps.database.transaction(open, { survives: 'process' })
  return { uploadId }
}

function tooMany(maxOpenUploads: number): Error {
  const message = `you have ${maxOpenUploads} uploads in hand, as many as this registry allows; finish or cancel some`
  return registryError('UPLOADS_TOO_MANY', message, { maxOpenUploads })
}
