import { digestOf, type Digest } from '../oci/digest.ts'
import { finishUpload } from './finish-upload.ts'
import { keepBlob } from './keep-blob.ts'
import { findLinkedBlob } from './linked-blob-store.ts'
import type { Repository } from './repository-store.ts'
import { startUpload } from './start-upload.ts'
import type { UploadDeps } from './upload-lease.ts'

/** A small blob of the program's own making, as a client would push it; one that is there stays for the grace anew. */
export async function storeBytes(
  deps: UploadDeps & { readonly graceMs: number },
  repository: Repository,
  input: { readonly bytes: Uint8Array; readonly principalId: string },
): Promise<Digest> {
  const { bytes, principalId } = input
  const digest = digestOf(bytes)
  const blob = await findLinkedBlob(deps.database, repository.id, digest)
  if (blob !== undefined && (await keepBlob(deps, { repositoryId: repository.id, digest, blob })))
    return digest
  const { uploadId } = await startUpload(deps, { repository, principalId, algorithm: 'sha256' })
  const body = { source: once(bytes), keepPartial: false }
  await finishUpload(deps, { repository, uploadId, principalId, digest, body })
  return digest
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}
