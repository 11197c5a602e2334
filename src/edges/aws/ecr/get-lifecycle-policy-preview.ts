// Spec:     Amazon ECR API Reference, GetLifecyclePolicyPreview.
// Deviates: imageIds leaves out images that the preview would not act on, and unknown ones; previews are EXPIRED after a day.
import { lifecycleError } from '../../../lifecycle/errors.ts'
import {
  findPreview,
  listPreviewImages,
  listPreviewOf,
  type PreviewedImage,
  type StoredPreview,
} from '../../../lifecycle/preview-store.ts'
import { previewKeptMs } from '../../../lifecycle/start-preview.ts'
import { getRepository, type Repository } from '../../../registry/repository-store.ts'
import { distinct } from './batch-get-image.ts'
import { epochSeconds, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { findImage, type ImageId } from './image-id.ts'
import { tagStatusOf } from './list-images.ts'
import { cursorOf, defaultPageSize, nextTokenFor, refusePagingWithIds } from './page.ts'

interface Input {
  readonly registryId?: string
  readonly repositoryName: string
  readonly imageIds?: readonly ImageId[]
  readonly nextToken?: string
  readonly maxResults?: number
  readonly filter?: { readonly tagStatus?: string }
}

/** State and results of the newest preview; results are there when it is complete, for a day. */
export async function getLifecyclePolicyPreview(
  deps: EcrDeps,
  input: Input,
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const preview = await findPreview(deps.database, repository.id)
  if (preview === undefined) {
    const { name, account } = repository
    const message = `repository ${name} has no preview of a lifecycle policy`
    throw lifecycleError('LIFECYCLE_PREVIEW_UNKNOWN', message, { repository: name, account })
  }
  const status = statusOf(preview, deps.clock.now())
  const page =
    status === 'COMPLETE' ? await pageOf(deps, repository, preview, input) : { images: [] }
  const { images, ...next } = page
  return {
    registryId: repository.account,
    repositoryName: repository.name,
    lifecyclePolicyText: preview.text,
    status,
    previewResults: images.map(renderImage),
    ...next,
    ...(status === 'COMPLETE' ? { summary: renderSummary(preview) } : {}),
  }
}

function statusOf({ state, startedAt }: StoredPreview, now: Date): string {
  if (state === 'running') return 'IN_PROGRESS'
  if (now.getTime() - startedAt.getTime() > previewKeptMs) return 'EXPIRED'
  return state === 'failed' ? 'FAILED' : 'COMPLETE'
}

async function pageOf(
  deps: EcrDeps,
  repository: Repository,
  preview: StoredPreview,
  input: Input,
): Promise<{ readonly images: readonly PreviewedImage[]; readonly nextToken?: string }> {
  const { imageIds, filter } = input
  if (imageIds !== undefined && imageIds.length > 0) {
    refusePagingWithIds('imageIds', input)
    return { images: await imagesById(deps, repository, imageIds) }
  }
  const page = {
    operation: 'GetLifecyclePolicyPreview',
    inputs: [repository.id, preview.startedAt.getTime(), filter ?? {}],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const limit = input.maxResults ?? defaultPageSize
  const cursor = cursorOf(deps, page)
  const found = await listPreviewImages(deps.database, repository.id, {
    tagStatus: tagStatusOf(filter),
    after: typeof cursor === 'number' ? cursor : -1,
    limit: limit + 1,
  })
  const images = found.slice(0, limit)
  const next = found.length > limit ? images.at(-1)?.position : undefined
  return { images, ...nextTokenFor(deps, page, next) }
}

/** Those that the preview would act on; of others there is nothing to tell. */
async function imagesById(
  { database }: EcrDeps,
  repository: Repository,
  imageIds: readonly ImageId[],
): Promise<readonly PreviewedImage[]> {
  const digests: string[] = []
  for (const imageId of distinct(imageIds)) {
    const found = await findImage(database, repository, imageId)
    if (found.kind === 'found') digests.push(found.digest)
  }
  return digests.length === 0 ? [] : listPreviewOf(database, repository.id, digests)
}

function renderImage(image: PreviewedImage): Readonly<Record<string, unknown>> {
  const { tags, digest, pushedAt, action, rule, storageClass } = image
  return {
    ...(tags.length === 0 ? {} : { imageTags: tags }),
    imageDigest: digest,
    imagePushedAt: epochSeconds(pushedAt),
    action:
      action === 'expire'
        ? { type: 'EXPIRE' }
        : { type: 'TRANSITION', targetStorageClass: 'ARCHIVE' },
    appliedRulePriority: rule,
    storageClass: storageClass === 'archive' ? 'ARCHIVE' : 'STANDARD',
  }
}

function renderSummary({ expiring, archiving }: StoredPreview): Readonly<Record<string, unknown>> {
  return {
    expiringImageTotalCount: expiring,
    transitioningImageTotalCounts:
      archiving === 0 ? [] : [{ targetStorageClass: 'ARCHIVE', imageTotalCount: archiving }],
  }
}
