import type { Digest } from '../oci/digest.ts'
import type { Readable } from 'node:stream'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findLinkedBlob } from './linked-blob-store.ts'
import { findManifestByDigest } from './manifest-store.ts'

/** What rooms above read of one repository, by digest; whether they may is theirs to know. */
export function openImageContent(
  deps: { readonly reader: SqlReader; readonly blobs: BlobStore },
  repositoryId: number,
): {
  findManifest(
    digest: Digest,
  ): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined>
  openBlob(
    digest: Digest,
  ): Promise<{ readonly size: number; readonly stream: Readable } | undefined>
} {
  return {
    findManifest: (digest) => findManifestByDigest(deps.reader, repositoryId, digest),
    async openBlob(digest) {
      const blob = await findLinkedBlob(deps.reader, repositoryId, digest)
      if (blob === undefined) return undefined
      return { size: blob.size, stream: await deps.blobs.read(blob.storageKey) }
    },
  }
}
