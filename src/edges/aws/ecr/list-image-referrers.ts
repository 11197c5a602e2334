// Purpose:  the artifacts that point to an image: signatures, bills of materials, attestations.
// Spec:     Amazon ECR API, ListImageReferrers; which referrers there are: OCI distribution, "Listing Referrers".
// Input:    the subject's digest, up to five artifact types, a status; the model's constraints are held already.
// Deviates: `size` is that of the artifact's manifest, as a descriptor has it on /v2. A referrer of an archived image is still served, and so ACTIVE; nothing is ever ACTIVATING.
// Unknowns: a subject that is not there has no referrers, or those that were pushed before it; annotations that alone are larger than an answer may be are left out.
import { parseDigest } from '../../../oci/digest.ts'
import type { ArchivedFilter } from '../../../registry/manifest-store.ts'
import { readReferrerPage, type ReferrerCursor } from '../../../registry/referrer-page.ts'
import type { Referrer } from '../../../registry/referrer-store.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { invalidParameter } from './errors.ts'
import { cursorOf, nextTokenFor } from './page.ts'

/** Of this list alone, as the model has it. */
const defaultReferrersPage = 20

type ArtifactStatus = 'ACTIVE' | 'ARCHIVED' | 'ACTIVATING' | 'ANY'

/** Newest first. Without a filter only what is not archived, as the model says. */
export async function listImageReferrers(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly subjectId: { readonly imageDigest: string }
    readonly filter?: {
      readonly artifactTypes?: readonly string[]
      readonly artifactStatus?: ArtifactStatus
    }
    readonly nextToken?: string
    readonly maxResults?: number
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = await getRepository(deps.database, repositoryIn(call, input))
  const subject = parseDigest(input.subjectId.imageDigest)
  if (subject === undefined) {
    const shown = JSON.stringify(input.subjectId.imageDigest.slice(0, 200))
    throw invalidParameter('subjectId.imageDigest', `${shown} is not a digest`)
  }
  const artifactTypes = [...new Set(input.filter?.artifactTypes)]
  const archived = archivedOf(input.filter?.artifactStatus ?? 'ACTIVE')
  const page = {
    operation: 'ListImageReferrers',
    inputs: [repository.id, subject, artifactTypes, archived ?? ''],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const before = readCursor(cursorOf(deps, page))
  if (archived === undefined) return { referrers: [] }
  const { referrers, next } = await readReferrerPage(deps.database, {
    repositoryId: repository.id,
    subject,
    filter: { artifactTypes, archived },
    before,
    limit: input.maxResults ?? defaultReferrersPage,
  })
  return { referrers: referrers.map(renderReferrer), ...nextTokenFor(deps, page, next) }
}

/** Undefined where none can match. */
function archivedOf(status: ArtifactStatus): ArchivedFilter | undefined {
  if (status === 'ACTIVATING') return undefined
  if (status === 'ANY') return 'any'
  return status === 'ARCHIVED' ? 'only' : 'not'
}

/** The token is authenticated, so its shape is ours. */
function readCursor(cursor: unknown): ReferrerCursor | undefined {
  if (typeof cursor !== 'object' || cursor === null) return undefined
  const { pushedAt, digest } = { pushedAt: 0, digest: '', ...cursor }
  return { pushedAt, digest }
}

function renderReferrer(referrer: Referrer): Readonly<Record<string, unknown>> {
  const { digest, mediaType, artifactType, size, annotations, isArchived } = referrer
  const parsed: unknown = annotations === undefined ? undefined : JSON.parse(annotations)
  return {
    digest,
    mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    size,
    ...(parsed === undefined ? {} : { annotations: parsed }),
    artifactStatus: isArchived ? 'ARCHIVED' : 'ACTIVE',
  }
}
