import { parseDigest, type Digest } from '../../../oci/digest.ts'
import { parseTag, type Tag } from '../../../oci/tag.ts'
import type { Repository } from '../../../registry/repository-store.ts'
import { findTag } from '../../../registry/tag-store.ts'
import { findManifestSummary } from '../../../registry/manifest-store.ts'
import type { SqlReader } from '../../../storage/database/database.ts'
import { ecrError, imageIdText } from './errors.ts'

/** The model's ImageIdentifier. */
export interface ImageId {
  readonly imageDigest?: string
  readonly imageTag?: string
}

export interface ImageFailure {
  readonly imageId: ImageId
  readonly failureCode: string
  readonly failureReason: string
}

export type FoundImage =
  | { readonly kind: 'found'; readonly digest: Digest; readonly tag: Tag | undefined }
  | { readonly kind: 'failed'; readonly failure: ImageFailure }

const digestPattern = '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'

/** Which stored image an identifier names; every way to name none has a failure of its own. */
export async function findImage(
  reader: SqlReader,
  repository: Repository,
  imageId: ImageId,
): Promise<FoundImage> {
  const fail = (failureCode: string, failureReason: string): FoundImage => ({
    kind: 'failed',
    failure: { imageId, failureCode, failureReason },
  })
  const parsed = parseImageId(imageId)
  if ('code' in parsed) return fail(parsed.code, `Invalid request parameters: ${parsed.reason}`)
  const { digest, tag } = parsed
  const tagged = tag === undefined ? undefined : await findTag(reader, repository.id, tag)
  if (tag !== undefined && tagged === undefined)
    return fail('ImageNotFound', 'Requested image not found')
  if (digest !== undefined && tagged !== undefined && tagged !== digest) {
    return fail(
      'ImageTagDoesNotMatchDigest',
      'Requested image tag does not refer to the requested digest',
    )
  }
  const found = digest ?? tagged
  if (
    found === undefined ||
    (await findManifestSummary(reader, repository.id, found)) === undefined
  ) {
    return fail('ImageNotFound', 'Requested image not found')
  }
  return { kind: 'found', digest: found, tag }
}

interface ParsedImageId {
  readonly digest: Digest | undefined
  readonly tag: Tag | undefined
}

function parseImageId({
  imageDigest,
  imageTag,
}: ImageId): ParsedImageId | { readonly code: string; readonly reason: string } {
  if (imageDigest === undefined && imageTag === undefined) {
    return { code: 'MissingDigestAndTag', reason: 'both tag and digest cannot be null' }
  }
  const digest = parseDigest(imageDigest ?? '')
  if (imageDigest !== undefined && digest === undefined) {
    const reason = `image digest should satisfy the regex '${digestPattern}'`
    return { code: 'InvalidImageDigest', reason }
  }
  const tag = parseTag(imageTag ?? '')
  if (imageTag !== undefined && tag === undefined) {
    return { code: 'InvalidImageTag', reason: 'image tag is malformed' }
  }
  return { digest, tag }
}

/** The one image an operation is about, or ImageNotFoundException. */
export async function requireImage(
  reader: SqlReader,
  repository: Repository,
  imageId: ImageId,
): Promise<Digest> {
  const result = await findImage(reader, repository, imageId)
  if (result.kind === 'found') return result.digest
  const { failureCode, failureReason } = result.failure
  if (failureCode !== 'ImageNotFound') {
    const message = `Invalid parameter at 'imageId' failed to satisfy constraint: '${failureReason}'`
    throw ecrError('InvalidParameterException', message)
  }
  const message = `The image with imageId ${imageIdText(imageId)} does not exist within the repository with name '${repository.name}' in the registry with id '${repository.account}'`
  throw ecrError('ImageNotFoundException', message)
}
