// The images of a repository as lifecycle policies are judged over them, read by the ECR API alone: calls that only read.
import { paginateDescribeImages, type ImageDetail } from '@aws-sdk/client-ecr'
import { fetchManifests } from '../fetch-manifests.ts'
import { ask, type Session } from '../session.ts'
import type { LifecycleImage } from '../../src/lifecycle/rules/lifecycle-image.ts'

/** An image and its size as ECR tells it, layers that it shares with others included. */
export interface EcrImage extends LifecycleImage {
  readonly sizeBytes: number
}

const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
])
/** ECR takes as many ids in one call. */
const idsAtOnce = 100

interface Scope {
  readonly repositoryName: string
  readonly registryId?: string
}

/** What indexes list is in their manifests only, so these are fetched. */
export async function readEcrImages(session: Session, scope: Scope): Promise<readonly EcrImage[]> {
  const details: ImageDetail[] = []
  await ask(session, async (client) => {
    const input = { ...scope, filter: { imageStatus: 'ANY' } } as const
    const pages = paginateDescribeImages({ client, pageSize: 1000 }, input)
    for await (const page of pages) details.push(...(page.imageDetails ?? []))
  })
  const indexes = details.flatMap(({ imageDigest, imageManifestMediaType = '' }) =>
    imageDigest !== undefined && indexTypes.has(imageManifestMediaType) ? [imageDigest] : [],
  )
  const holders = await readHolders(session, scope, indexes)
  return details.flatMap((detail) => {
    const image = imageOf(detail, holders)
    return image === undefined ? [] : [image]
  })
}

async function readHolders(
  session: Session,
  scope: Scope,
  indexes: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const holders = new Map<string, string[]>()
  for (let from = 0; from < indexes.length; from += idsAtOnce) {
    const digests = indexes.slice(from, from + idsAtOnce)
    const acceptedMediaTypes = [...indexTypes]
    const images = await fetchManifests(session, {
      ...scope,
      digests,
      acceptedMediaTypes,
      mayMiss: true,
    })
    for (const { imageId, imageManifest } of images) {
      for (const child of childrenIn(imageManifest ?? '{}')) {
        const known = holders.get(child) ?? []
        holders.set(child, [...known, imageId?.imageDigest ?? ''])
      }
    }
  }
  return holders
}

function childrenIn(manifest: string): readonly string[] {
  const parsed: unknown = JSON.parse(manifest)
  if (typeof parsed !== 'object' || parsed === null || !('manifests' in parsed)) return []
  const { manifests } = parsed
  if (!Array.isArray(manifests)) return []
  return manifests.flatMap((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'digest' in entry ? [String(entry.digest)] : [],
  )
}

/** Without a digest or a push time an image cannot be judged; ECR tells both of each. */
function imageOf(
  detail: ImageDetail,
  holders: ReadonlyMap<string, readonly string[]>,
): EcrImage | undefined {
  const { imageDigest: digest, imagePushedAt: pushedAt } = detail
  if (digest === undefined || pushedAt === undefined) return undefined
  return {
    digest,
    tags: detail.imageTags ?? [],
    pushedAt: pushedAt.getTime(),
    sizeBytes: detail.imageSizeInBytes ?? 0,
    storageClass: detail.imageStatus === 'ARCHIVED' ? 'archive' : 'standard',
    heldBy: holders.get(digest) ?? [],
    ...datesIn(detail),
    ...subjectIn(detail),
  }
}

function datesIn(
  detail: ImageDetail,
): Pick<LifecycleImage, 'lastPulledAt' | 'archivedAt' | 'restoredAt'> {
  const { lastRecordedPullTime: pulled, lastArchivedAt, lastActivatedAt } = detail
  return {
    ...(pulled === undefined ? {} : { lastPulledAt: pulled.getTime() }),
    ...(lastArchivedAt === undefined ? {} : { archivedAt: lastArchivedAt.getTime() }),
    ...(lastActivatedAt === undefined ? {} : { restoredAt: lastActivatedAt.getTime() }),
  }
}

/** Of a plain image ECR tells the type of its config as that of an artifact: only a referrer's counts. */
function subjectIn({
  subjectManifestDigest: subject,
  artifactMediaType: artifactType,
}: ImageDetail): Pick<LifecycleImage, 'subject' | 'artifactType'> {
  if (subject === undefined) return {}
  return artifactType === undefined ? { subject } : { subject, artifactType }
}
