// Spec:     Amazon ECR API Reference, DescribeImages.
// Deviates: an index that is only there under an image's referrers tag is described when it is asked for by id, and in no list.
import { yieldToEventLoop } from '../../../lib/yield-to-event-loop.ts'
import { findArchival, type Archival } from '../../../registry/archival-store.ts'
import {
  findManifestSummary,
  listManifests,
  type ManifestSummary,
} from '../../../registry/manifest-store.ts'
import { getRepository, type Repository } from '../../../registry/repository-store.ts'
import { listTagsOf } from '../../../registry/tag-store.ts'
import { renderScanStatus } from '../../../scanning/describe-scan-status.ts'
import { findScan } from '../../../scanning/find-scan.ts'
import { resolveScanning } from '../../../scanning/resolve-scanning.ts'
import type { ResolvedScanning } from '../../../scanning/rules/scanning-rules.ts'
import { nothingHeldBack, summarizeScan } from '../../../scanning/summarize-scan.ts'
import { distinct } from './batch-get-image.ts'
import { epochSeconds, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { dataDate, earlierOf, renderDataDate } from './data-date.ts'
import { enhancedCounts } from './enhanced-findings.ts'
import { requireImage, type ImageId } from './image-id.ts'
import { archivedFilterOf, readCursor, tagStatusOf, type ImageFilter } from './list-images.ts'
import { cursorOf, defaultPageSize, nextTokenFor, refusePagingWithIds } from './page.ts'

/** One entry for each image, by id (an unknown one fails the call) or page by page in order of push time. */
export async function describeImages(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageIds?: readonly ImageId[]
    readonly nextToken?: string
    readonly maxResults?: number
    readonly filter?: ImageFilter
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const described = await describedIn(deps, repository)
  const { imageIds, filter } = input
  if (imageIds !== undefined && imageIds.length > 0) {
    refusePagingWithIds('imageIds', input)
    return { imageDetails: await detailsByIds(deps, described, imageIds) }
  }
  const page = {
    operation: 'DescribeImages',
    inputs: [repository.id, filter ?? {}],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const limit = input.maxResults ?? defaultPageSize
  const after = readCursor(cursorOf(deps, page))
  const archived = archivedFilterOf(filter)
  if (archived === undefined) return { imageDetails: [] }
  const tagStatus = tagStatusOf(filter)
  const rows = await listManifests(deps.database, repository.id, {
    tagStatus,
    archived,
    after,
    limit: limit + 1,
  })
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  const next =
    last === undefined
      ? undefined
      : { pushedAt: last.pushedAt.getTime(), digest: last.digest, tag: '' }
  const imageDetails: Readonly<Record<string, unknown>>[] = []
  for (const manifest of shown) {
    imageDetails.push(await renderDetail(deps, described, manifest))
    // A thousand indexes are read for it: others have their turn between.
    await yieldToEventLoop()
  }
  return { imageDetails, ...nextTokenFor(deps, page, next) }
}

/** What all images of one answer have in common. */
interface Described {
  readonly repository: Repository
  readonly scanning: ResolvedScanning
  /** Of the vulnerability data. */
  readonly dataAt: Date | undefined
}

async function describedIn(deps: EcrDeps, repository: Repository): Promise<Described> {
  const scanningDeps = { reader: deps.database, defaults: deps.defaults }
  return {
    repository,
    scanning: await resolveScanning(scanningDeps, repository),
    dataAt: await dataDate(deps, undefined),
  }
}

async function detailsByIds(
  deps: EcrDeps,
  described: Described,
  imageIds: readonly ImageId[],
): Promise<readonly unknown[]> {
  const { repository } = described
  const digests = new Set<Awaited<ReturnType<typeof requireImage>>>()
  for (const imageId of distinct(imageIds)) {
    digests.add(await requireImage(deps.database, repository, imageId))
  }
  const details: unknown[] = []
  for (const digest of digests) {
    const manifest = await findManifestSummary(deps.database, repository.id, digest)
    if (manifest !== undefined) details.push(await renderDetail(deps, described, manifest))
    await yieldToEventLoop()
  }
  return details
}

async function renderDetail(
  deps: EcrDeps,
  described: Described,
  manifest: ManifestSummary,
): Promise<Readonly<Record<string, unknown>>> {
  const { repository } = described
  const imageTags = await listTagsOf(deps.database, repository.id, manifest.digest)
  const { artifactType, lastPulledAt, subject } = manifest
  return {
    registryId: repository.account,
    repositoryName: repository.name,
    imageDigest: manifest.digest,
    ...(imageTags.length === 0 ? {} : { imageTags }),
    imageSizeInBytes: manifest.imageSize,
    imagePushedAt: epochSeconds(manifest.pushedAt),
    imageManifestMediaType: manifest.mediaType,
    ...(artifactType === undefined ? {} : { artifactMediaType: artifactType }),
    ...(lastPulledAt === undefined ? {} : { lastRecordedPullTime: epochSeconds(lastPulledAt) }),
    ...(subject === undefined ? {} : { subjectManifestDigest: subject }),
    ...renderArchival(await findArchival(deps.database, repository.id, manifest.digest)),
    ...(await scanMembers(deps, described, manifest)),
  }
}

function renderArchival(archival: Archival | undefined): Readonly<Record<string, unknown>> {
  if (archival === undefined) return { imageStatus: 'ACTIVE' }
  const { isArchived, archivedAt, restoredAt } = archival
  return {
    imageStatus: isArchived ? 'ARCHIVED' : 'ACTIVE',
    lastArchivedAt: epochSeconds(archivedAt),
    ...(restoredAt === undefined ? {} : { lastActivatedAt: epochSeconds(restoredAt) }),
  }
}

/** Absent for an image that was never scanned: no status is not a clean one. */
async function scanMembers(
  deps: EcrDeps,
  { repository, scanning, dataAt }: Described,
  manifest: ManifestSummary,
): Promise<Readonly<Record<string, unknown>>> {
  const { database: reader, suppressions } = deps
  const key = { repositoryId: repository.id, digest: manifest.digest }
  const scan = await findScan(reader, deps.contentOf(repository.id), key)
  if (scan === undefined) return {}
  const now = deps.clock.now()
  if (scan.completedAt === undefined)
    return { imageScanStatus: renderScanStatus(scan, { scanning, now, heldBack: nothingHeldBack }) }
  const { counts, heldBack } = await summarizeScan({ reader, suppressions }, repository, scan)
  return {
    imageScanStatus: renderScanStatus(scan, { scanning, now, heldBack }),
    imageScanFindingsSummary: {
      imageScanCompletedAt: epochSeconds(scan.completedAt),
      ...renderDataDate(earlierOf(dataAt, scan.left)),
      findingSeverityCounts: scanning.scanType === 'ENHANCED' ? enhancedCounts(counts) : counts,
    },
  }
}
