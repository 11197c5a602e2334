import type { Digest } from '../oci/digest.ts'
import type { BlobStore, OpenBytes } from '../storage/blobs/blob-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import { keepBlob } from './keep-blob.ts'
import { findLinkedBlob, type Blob, type LinkedBlob } from './linked-blob-store.ts'
import { getRepository, type RepositoryAddress } from './repository-store.ts'

/** The blob as the repository sees it, or BLOB_UNKNOWN; no bytes are read. */
export async function getBlob(
  reader: SqlReader,
  input: { readonly repository: RepositoryAddress; readonly digest: Digest },
): Promise<LinkedBlob & { readonly repositoryId: number }> {
  const { id: repositoryId } = await getRepository(reader, input.repository)
  const blob = await findLinkedBlob(reader, repositoryId, input.digest)
  if (blob === undefined) throw blobUnknown(input)
  return { ...blob, repositoryId }
}

/** The same for a client that may go on to refer to it. */
export async function getBlobToKeep(
  deps: Parameters<typeof keepBlob>[0],
  input: { readonly repository: RepositoryAddress; readonly digest: Digest },
): Promise<Blob> {
  const { repositoryId, ...blob } = await getBlob(deps.database, input)
  if (await keepBlob(deps, { repositoryId, digest: input.digest, blob })) return blob
  throw blobUnknown(input)
}

function blobUnknown(input: {
  readonly repository: RepositoryAddress
  readonly digest: Digest
}): Error {
  const message = `repository ${input.repository.name} has no blob ${input.digest}`
  const detail = { digest: input.digest, repository: input.repository.name }
  return registryError('BLOB_UNKNOWN', message, detail)
}

/** The blob's bytes held open for reading; BLOB_UNKNOWN was said before, so an absent file is a fault. */
export async function openBytes(blobs: BlobStore, blob: Blob): Promise<OpenBytes> {
  return blobs.open(blob.storageKey)
}
