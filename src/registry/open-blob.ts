import type { Readable } from 'node:stream'
import type { Digest } from '../oci/digest.ts'
import type { BlobStore, ByteRange } from '../storage/blobs/blob-store.ts'
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

/** The blob's bytes as a stream, or a part of them. An empty blob has no file to read. */
export async function readBlob(blobs: BlobStore, blob: Blob, range?: ByteRange): Promise<Readable> {
  return blobs.read(blob.storageKey, range)
}
