import type { Digest } from '../oci/digest.ts'
import type { BlobStore, OpenBytes } from '../storage/blobs/blob-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { findLinkedBlob, type Blob } from './linked-blob-store.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'

/** The blob as the repository sees it, or BLOB_UNKNOWN; no bytes are read. */
export async function getBlob(
  reader: SqlReader,
  input: { readonly repository: RepositoryAddress; readonly digest: Digest },
): Promise<Blob> {
  const repository = await getRepository(reader, input.repository)
  const blob = await findLinkedBlob(reader, repository.id, input.digest)
  if (blob !== undefined) return blob
  throw registryError(
    'BLOB_UNKNOWN',
    `repository ${input.repository.name} has no blob ${input.digest}`,
    { digest: input.digest, repository: input.repository.name },
  )
}

/** The blob's bytes held open for reading; BLOB_UNKNOWN was said before, so an absent file is a fault. */
export async function openBytes(blobs: BlobStore, blob: Blob): Promise<OpenBytes> {
  return blobs.open(blob.storageKey)
}
