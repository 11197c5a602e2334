// Spec:     Amazon ECR API Reference, PutImage.
// Deviates: tags have at most 128 characters, as /v2 has them; a push brings an archived image back; there is no limit on how often.
import { parseDigest } from '../../../oci/digest.ts'
import { parseTag } from '../../../oci/tag.ts'
import { isRegistryError } from '../../../registry/errors.ts'
import { putManifest } from '../../../registry/put-manifest.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError, invalidParameter } from './errors.ts'

/** The same operation as PUT of a manifest; only a push of what is there already is an exception here. */
export async function putImage(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageManifest: string
    readonly imageManifestMediaType?: string
    readonly imageTag?: string
    readonly imageDigest?: string
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const { imageTag, imageDigest } = input
  const tag = imageTag === undefined ? undefined : parseTag(imageTag)
  if (imageTag !== undefined && tag === undefined) {
    throw invalidParameter(
      'imageTag',
      'must satisfy the grammar of tags: 1 to 128 of A-Z a-z 0-9 _ . -',
    )
  }
  const digest = imageDigest === undefined ? undefined : parseDigest(imageDigest)
  if (imageDigest !== undefined && digest === undefined) {
    throw invalidParameter('imageDigest', 'must be sha256: or sha512: with lower-case hex')
  }
  try {
    const put = await putManifest(deps, {
      repository,
      bytes: Buffer.from(input.imageManifest),
      mediaType: input.imageManifestMediaType,
      digest,
      tags: tag === undefined ? [] : [tag],
      principal: call.caller.principalArn,
      ifPresent: 'refuse',
      gate: call.stillAllowed,
      witness: deps.witnessPush(call.caller),
    })
    deps.wake()
    return {
      image: {
        registryId: repository.account,
        repositoryName: repository.name,
        imageId: { imageDigest: put.digest, ...(imageTag === undefined ? {} : { imageTag }) },
        imageManifest: input.imageManifest,
        imageManifestMediaType: put.mediaType,
      },
    }
  } catch (error) {
    throw spelledForImage(error, { ...repository, imageTag })
  }
}

function spelledForImage(
  error: unknown,
  image: { readonly account: string; readonly name: string; readonly imageTag: string | undefined },
): unknown {
  if (!isRegistryError(error)) return error
  if (error.code === 'DIGEST_MISMATCH')
    return ecrError('ImageDigestDoesNotMatchException', error.message)
  if (error.code !== 'IMAGE_EXISTS') return error
  const { digest } = error.detail
  const message = `Image with digest '${String(digest)}' and tag '${image.imageTag ?? 'null'}' already exists in the repository with name '${image.name}' in registry with id '${image.account}'`
  return ecrError('ImageAlreadyExistsException', message)
}
