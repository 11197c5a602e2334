import { readCaller } from '../access/recorded-caller.ts'
import { digestOf } from '../oci/digest.ts'
import { mediaTypes } from '../oci/media-type.ts'
import type { ManifestSummary } from '../registry/manifest-store.ts'
import { putManifest } from '../registry/put-manifest.ts'
import type { Repository } from '../registry/repository-store.ts'
import { storeBytes } from '../registry/store-bytes.ts'
import type { UploadDeps } from '../registry/upload-lease.ts'
import { packSignature } from '../signatures/notation/pack-signature.ts'
import { writeCompleteSigning, type ImageSigning } from './image-signing-store.ts'

/** Under whom uploads of signatures are counted. */
const uploader = 'pratique:signing'

/** As an untagged referrer of the image; what was pushed before a kill is pushed again to no effect. */
export async function pushSignature(
  deps: UploadDeps & { readonly graceMs: number },
  {
    repository,
    image,
    signing,
  }: {
    readonly repository: Repository
    readonly image: ManifestSummary
    readonly signing: ImageSigning
  },
): Promise<void> {
  const { made } = signing
  if (made === undefined) throw new Error('no signature was made')
  const { envelope, at: createdAt } = made
  const { manifest, blobs } = packSignature(image, { envelope, format: 'jws', createdAt })
  for (const bytes of blobs) await storeBytes(deps, repository, { bytes, principalId: uploader })
  const { principalArn } = readCaller(signing.caller)
  await putManifest(deps, {
    repository,
    bytes: manifest,
    mediaType: mediaTypes.ociManifest,
    digest: digestOf(manifest),
    tags: [],
    principal: principalArn,
    ifPresent: 'accept',
    witness: (tx, push) => writeCompleteSigning(tx, signing, push.digest),
  })
}
