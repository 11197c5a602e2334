// Spec:     Amazon ECR API Reference, BatchGetImage.
// Deviates: acceptedMediaTypes leaves an image out (ImageNotFound, whose reason names the type it is stored as) and never has it converted; an archived image is the failure ImageInaccessible.
import type { Digest } from '../../../oci/digest.ts'
import type { Reference } from '../../../oci/reference.ts'
import { parseTag } from '../../../oci/tag.ts'
import { findArchival } from '../../../registry/archival-store.ts'
import { archivedSentence, recordPull } from '../../../registry/find-manifest.ts'
import { findManifestByDigest } from '../../../registry/manifest-store.ts'
import { getRepository, type Repository } from '../../../registry/repository-store.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { findImage, type ImageFailure, type ImageId } from './image-id.ts'

interface Image {
  readonly registryId: string
  readonly repositoryName: string
  readonly imageId: ImageId
  readonly imageManifest: string
  readonly imageManifestMediaType: string
}

/** Stored manifests as they are: `acceptedMediaTypes` can leave one out, never have it converted. */
export async function batchGetImage(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageIds: readonly ImageId[]
    readonly acceptedMediaTypes?: readonly string[]
  },
  call: EcrCall,
): Promise<{ readonly images: readonly Image[]; readonly failures: readonly ImageFailure[] }> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const images: Image[] = []
  const failures: ImageFailure[] = []
  for (const imageId of distinct(input.imageIds)) {
    const result = await readImage(deps, call, repository, {
      imageId,
      accepts: input.acceptedMediaTypes,
    })
    if ('failureCode' in result) failures.push(result)
    else images.push(result)
  }
  return { images, failures }
}

/** A request may repeat an image; the answer does not. */
export function distinct(imageIds: readonly ImageId[]): readonly ImageId[] {
  const seen = new Map(
    imageIds.map((id) => [JSON.stringify([id.imageDigest, id.imageTag]), id] as const),
  )
  return [...seen.values()]
}

async function readImage(
  deps: EcrDeps,
  call: EcrCall,
  repository: Repository,
  {
    imageId,
    accepts: acceptedMediaTypes,
  }: { readonly imageId: ImageId; readonly accepts: readonly string[] | undefined },
): Promise<Image | ImageFailure> {
  const found = await findImage(deps.database, repository, imageId)
  if (found.kind === 'failed') return found.failure
  const manifest = await findManifestByDigest(deps.database, repository.id, found.digest)
  const fail = (failureReason: string, failureCode = 'ImageNotFound'): ImageFailure => ({
    imageId,
    failureCode,
    failureReason,
  })
  if (manifest === undefined) return fail('Requested image not found')
  const archival = await findArchival(deps.database, repository.id, found.digest)
  if (archival?.isArchived === true) {
    const sentence = archivedSentence('The image', repository.name, found.digest)
    return fail(sentence, 'ImageInaccessible')
  }
  const accepted = acceptedMediaTypes === undefined || acceptedMediaTypes.length === 0
  if (!accepted && !acceptedMediaTypes.includes(manifest.mediaType)) {
    return fail(
      `The image is stored as ${manifest.mediaType}, which acceptedMediaTypes does not name`,
    )
  }
  const refusal = await deps.gatePull({
    repository,
    reference: referenceOf(imageId, found.digest),
    passes: async () =>
      (await call.may('ecr:PutImage', repository)) ||
      (await call.may('pratique:BypassGate', repository)),
  })
  if (refusal !== undefined) return fail(refusal.message, 'ImageInaccessible')
  const pulled = { ...manifest, repositoryId: repository.id }
  const { requester } = call.caller
  if (!call.inspects) await recordPull(deps, pulled, { account: repository.account, requester })
  return {
    registryId: repository.account,
    repositoryName: repository.name,
    imageId: {
      imageDigest: found.digest,
      ...(found.tag === undefined ? {} : { imageTag: found.tag }),
    },
    imageManifest: Buffer.from(manifest.bytes).toString(),
    imageManifestMediaType: manifest.mediaType,
  }
}

/** As the caller names it: a policy may ask for a digest. */
function referenceOf({ imageTag, imageDigest }: ImageId, digest: Digest): Reference {
  const tag = imageDigest === undefined ? parseTag(imageTag ?? '') : undefined
  return tag === undefined ? { kind: 'digest', digest } : { kind: 'tag', tag }
}
