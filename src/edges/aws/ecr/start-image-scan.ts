// Spec:     Amazon ECR API Reference, StartImageScan.
// Deviates: any image may be scanned anew at any time unless PRATIQUE_DEFAULTS=aws, which has AWS’s quotas; of an index each platform is scanned.
import { parseManifest } from '../../../oci/manifest.ts'
import { findArchival } from '../../../registry/archival-store.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { platformChildren, scannability } from '../../../scanning/request-scan.ts'
import { startScans } from '../../../scanning/start-scans.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError, imageIdText } from './errors.ts'
import { requireImage, type ImageId } from './image-id.ts'

/** Scans an image anew. Of an index each platform is scanned; what holds no file system cannot be. */
export async function startImageScan(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageId: ImageId
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const digest = await requireImage(deps.database, repository, input.imageId)
  const archival = await findArchival(deps.database, repository.id, digest)
  if (archival?.isArchived === true) {
    const message = `The image with imageId ${imageIdText(input.imageId)} in the repository with name '${repository.name}' is archived; restore it to have it scanned`
    throw ecrError('ImageArchivedException', message)
  }
  const stored = await deps.contentOf(repository.id).findManifest(digest)
  const parsed = stored === undefined ? undefined : parseManifest(stored.bytes, stored.mediaType)
  const manifest = parsed?.kind === 'parsed' ? parsed.manifest : undefined
  const kind = manifest === undefined ? 'none' : scannability(manifest)
  if (manifest === undefined || kind === 'none') {
    const message = `The image with imageId ${imageIdText(input.imageId)} in the repository with name '${repository.name}' holds no file system that could be scanned`
    throw ecrError('UnsupportedImageTypeException', message)
  }
  const digests =
    manifest.kind === 'index' ? platformChildren(manifest).map((child) => child.digest) : [digest]
  await startScans(deps, { repository, digests })
  deps.wake()
  return {
    registryId: repository.account,
    repositoryName: repository.name,
    imageId: { ...input.imageId, imageDigest: digest },
    imageScanStatus: { status: 'IN_PROGRESS', description: 'The scan is in the queue.' },
  }
}
