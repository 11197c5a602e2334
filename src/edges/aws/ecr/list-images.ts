// Spec:     Amazon ECR API Reference, ListImages.
// Deviates: imageStatus ACTIVATING finds nothing, as images come back from the archive at once; the referrers tag of an image
//           (`sha256-…` on an index of nothing but what refers to it) is not listed.
import {
  firstImage,
  listImageEntries,
  type ImageCursor,
  type TagStatus,
} from '../../../registry/image-store.ts'
import type { ArchivedFilter } from '../../../registry/manifest-store.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { cursorOf, defaultPageSize, nextTokenFor } from './page.ts'

export interface ImageFilter {
  readonly tagStatus?: string
  readonly imageStatus?: string
}

/** One entry for each tag, and one without a tag for each untagged image. */
export async function listImages(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly nextToken?: string
    readonly maxResults?: number
    readonly filter?: ImageFilter
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const page = {
    operation: 'ListImages',
    inputs: [repository.id, input.filter ?? {}],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const limit = input.maxResults ?? defaultPageSize
  const after = readCursor(cursorOf(deps, page))
  const archived = archivedFilterOf(input.filter)
  if (archived === undefined) return { imageIds: [] }
  const entries = await listImageEntries(deps.database, repository.id, {
    tagStatus: tagStatusOf(input.filter),
    archived,
    after,
    limit: limit + 1,
  })
  const shown = entries.slice(0, limit)
  const last = entries.length > limit ? shown.at(-1) : undefined
  const next =
    last === undefined
      ? undefined
      : { pushedAt: last.pushedAt, digest: last.digest, tag: last.tag ?? '' }
  const imageIds = shown.map(({ digest, tag }) => ({
    imageDigest: digest,
    ...(tag === undefined ? {} : { imageTag: tag }),
  }))
  return { imageIds, ...nextTokenFor(deps, page, next) }
}

export function tagStatusOf(filter: ImageFilter | undefined): TagStatus {
  const status = filter?.tagStatus
  return status === 'TAGGED' || status === 'UNTAGGED' ? status : 'ANY'
}

/** Undefined where none can match: an image comes back from the archive at once, so that none is on its way. */
export function archivedFilterOf(filter: ImageFilter | undefined): ArchivedFilter | undefined {
  const status = filter?.imageStatus
  if (status === 'ACTIVATING') return undefined
  if (status === 'ACTIVE') return 'not'
  return status === 'ARCHIVED' ? 'only' : 'any'
}

/** The token is authenticated, so its shape is ours. */
export function readCursor(cursor: unknown): ImageCursor {
  if (typeof cursor !== 'object' || cursor === null) return firstImage
  const { pushedAt, digest, tag } = { ...firstImage, ...cursor }
  return { pushedAt, digest, tag }
}
