// What the gate needs to know of an image, read by the ECR API alone: the same from Pratique and from AWS.
import {
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  type DescribeImageScanFindingsCommandOutput,
} from '@aws-sdk/client-ecr'
import { exitCodes, Failure } from '../failure.ts'
import { fetchManifests } from '../fetch-manifests.ts'
import type { ImageReference } from '../reference.ts'
import { ask, type Session } from '../session.ts'
import { basicFinding, enhancedFinding } from './finding-shapes.ts'
import type { GateFinding, HeldFinding } from './gate-finding.ts'

/** What the source says about one platform's scan. */
export type ScanState =
  | {
      readonly kind: 'scanned'
      readonly findings: readonly GateFinding[]
      readonly suppressed?: readonly HeldFinding[]
      readonly dataUpdatedAt: Date | undefined
      readonly note: string | undefined
    }
  | { readonly kind: 'running'; readonly status: string }
  | {
      /** The source cannot speak for the whole image; what it found all the same is here. */
      readonly kind: 'unavailable'
      readonly status: string
      readonly reason: string
      readonly findings: readonly GateFinding[]
      readonly suppressed?: readonly HeldFinding[]
    }

export interface Target {
  readonly repository: string
  readonly registryId: string | undefined
  readonly digest: string
  readonly platform: string | undefined
  /** Digest of the index that lists it, where it was reached by one. */
  readonly index?: string
}

/** What a reference names. */
export interface FoundManifest {
  readonly digest: string
  readonly mediaType: string
  readonly pushedAt: Date | undefined
}

/** The images behind a reference: itself, or each platform of an index. */
export async function resolveTargets(
  session: Session,
  reference: ImageReference,
  registryId: string | undefined,
): Promise<readonly Target[]> {
  const found = await findManifest(session, reference, registryId)
  return targetsOf(session, { reference, registryId, found })
}

/** Throws a Failure where there is none. */
export async function findManifest(
  session: Session,
  reference: ImageReference,
  registryId: string | undefined,
): Promise<FoundManifest> {
  const { repository, text } = reference
  const scope = { repositoryName: repository, ...(registryId === undefined ? {} : { registryId }) }
  const imageIds = [imageIdOf(reference)]
  const described = await ask(session, (ecr) =>
    ecr.send(new DescribeImagesCommand({ ...scope, imageIds })),
  )
  const [detail] = described.imageDetails ?? []
  const digest = detail?.imageDigest
  if (digest === undefined) throw new Failure(exitCodes.notFound, `${text} does not exist`)
  const { imageManifestMediaType: mediaType = '', imagePushedAt: pushedAt } = detail ?? {}
  return { digest, mediaType, pushedAt }
}

export async function targetsOf(
  session: Session,
  {
    reference: { repository },
    registryId,
    found: { digest, mediaType },
  }: {
    readonly reference: ImageReference
    readonly registryId: string | undefined
    readonly found: FoundManifest
  },
): Promise<readonly Target[]> {
  const target = { repository, registryId, digest, platform: undefined }
  if (!/index|manifest\.list/.test(mediaType)) return [target]
  const wanted = { repositoryName: repository, registryId, digests: [digest] }
  const [index] = await fetchManifests(session, wanted)
  return platformsOf(index?.imageManifest ?? '{}').map((child) => ({
    ...target,
    ...child,
    index: digest,
  }))
}

function imageIdOf({ digest, tag }: ImageReference): { imageDigest?: string; imageTag?: string } {
  return {
    ...(digest === undefined ? {} : { imageDigest: digest }),
    ...(tag === undefined ? {} : { imageTag: tag }),
  }
}

interface PlatformChild {
  readonly digest: string
  readonly platform: string
}

/** Attestations ride in an index as children of an unknown platform; they are no images. */
function platformsOf(manifest: string): readonly PlatformChild[] {
  const parsed: unknown = JSON.parse(manifest)
  const children = isRecord(parsed) && Array.isArray(parsed['manifests']) ? parsed['manifests'] : []
  return children.flatMap((child: unknown) => {
    if (!isRecord(child) || typeof child['digest'] !== 'string') return []
    const { annotations, platform } = child
    if (isRecord(annotations) && 'vnd.docker.reference.type' in annotations) return []
    if (!isRecord(platform)) return [{ digest: child['digest'], platform: 'unknown' }]
    const { os, architecture, variant } = platform
    if (os === 'unknown' && architecture === 'unknown') return []
    const parts = [os, architecture, variant].filter((part) => typeof part === 'string')
    return [{ digest: child['digest'], platform: parts.join('/') }]
  })
}

/** Of a thousand findings each: no image has so many, and an answer that never ends is none. */
const maxPages = 1000

export async function readScan(session: Session, target: Target): Promise<ScanState> {
  const findings: GateFinding[] = []
  let nextToken: string | undefined
  for (let pages = 1; ; pages += 1) {
    const page = await findingsPage(session, target, nextToken)
    if (page === undefined) {
      return {
        kind: 'unavailable',
        status: 'NOT_SCANNED',
        reason: 'it was never scanned',
        findings: [],
      }
    }
    findings.push(...findingsOf(page))
    ;({ nextToken } = page)
    if (nextToken === undefined) return stateOf(page, findings)
    if (pages === maxPages)
      throw new Failure(exitCodes.error, `${session.name} tells of findings without an end`)
  }
}

function findingsOf({
  imageScanFindings,
}: DescribeImageScanFindingsCommandOutput): readonly GateFinding[] {
  return [
    ...(imageScanFindings?.findings ?? []).map(basicFinding),
    ...(imageScanFindings?.enhancedFindings ?? []).flatMap(enhancedFinding),
  ]
}

function stateOf(
  { imageScanStatus, imageScanFindings }: DescribeImageScanFindingsCommandOutput,
  findings: readonly GateFinding[],
): ScanState {
  const { status = 'UNKNOWN', description = '' } = imageScanStatus ?? {}
  if (status === 'PENDING' || status === 'IN_PROGRESS') return { kind: 'running', status }
  if (status !== 'COMPLETE' && status !== 'ACTIVE') {
    const reason = description === '' ? `the scan is ${status}` : description
    return { kind: 'unavailable', status, reason, findings }
  }
  const note = description === '' ? undefined : description
  return {
    kind: 'scanned',
    findings,
    dataUpdatedAt: imageScanFindings?.vulnerabilitySourceUpdatedAt,
    note,
  }
}

async function findingsPage(
  session: Session,
  target: Target,
  nextToken: string | undefined,
): Promise<DescribeImageScanFindingsCommandOutput | undefined> {
  const command = new DescribeImageScanFindingsCommand({
    repositoryName: target.repository,
    imageId: { imageDigest: target.digest },
    maxResults: 1000,
    ...(target.registryId === undefined ? {} : { registryId: target.registryId }),
    ...(nextToken === undefined ? {} : { nextToken }),
  })
  try {
    return await session.ecr.send(command)
  } catch (error) {
    if (error instanceof Error && error.name === 'ScanNotFoundException') return undefined
    return ask(session, () =>
      Promise.reject(error instanceof Error ? error : new Error(String(error))),
    )
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
