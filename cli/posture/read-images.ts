// The images of a repository, and of those that matter what is in them. By the ECR API alone.
import {
  ListImageReferrersCommand,
  paginateDescribeImages,
  type ImageDetail,
} from '@aws-sdk/client-ecr'
import type {
  ClaimedSignatures,
  ImageEvidence,
  ScanEvidence,
  Told,
} from '../../src/posture/rules/evidence.ts'
import { exitCodes, Failure } from '../failure.ts'
import { readScan, targetsOf, type ScanState, type Target } from '../gate/findings.ts'
import { parseImageReference } from '../reference.ts'
import type { Session } from '../session.ts'
import { askEvidence } from '../trust/ask-evidence.ts'
import { readConfiguration } from './read-configuration.ts'
import { tell } from './told.ts'

const maxImages = 20_000
const lately = 30 * 86_400_000

export interface ImageReading {
  readonly now: number
  /** So many of each repository are looked into. */
  readonly looked: number
  /** Whether manifests may be fetched, which dates the last pull of an image unless who audits is excluded from that. */
  readonly isPullAllowed: boolean
}

/** The newest image with a tag, and those that were pulled lately, are looked into; of the others only dates are read. */
export async function readImages(
  session: Session,
  repositoryName: string,
  { now, looked, isPullAllowed }: ImageReading,
): Promise<readonly ImageEvidence[]> {
  const details = await describe(session, repositoryName)
  const latest = details
    .filter(isTaggedImage)
    .toSorted((a, b) => timeOf(b.imagePushedAt) - timeOf(a.imagePushedAt))[0]
  const pulled = details
    .filter(
      (one) => isImage(one) && one !== latest && now - timeOf(one.lastRecordedPullTime) <= lately,
    )
    .toSorted((a, b) => timeOf(b.lastRecordedPullTime) - timeOf(a.lastRecordedPullTime))
  const wanted = new Set([...(latest === undefined ? [] : [latest]), ...pulled].slice(0, looked))
  const images: ImageEvidence[] = []
  for (const detail of details) {
    const isLatest = detail === latest
    const inside = wanted.has(detail)
      ? await lookInto(session, { repositoryName, detail, details, isLatest, isPullAllowed })
      : unread(looked)
    images.push({ ...evidenceOf(detail), isLatest, ...inside })
  }
  return images
}

async function describe(session: Session, repositoryName: string): Promise<readonly ImageDetail[]> {
  const details: ImageDetail[] = []
  const pages = paginateDescribeImages(
    { client: session.ecr, pageSize: 1000 },
    { repositoryName, filter: { tagStatus: 'ANY' } },
  )
  for await (const { imageDetails = [] } of pages) {
    details.push(...imageDetails)
    if (details.length > maxImages)
      throw new Failure(exitCodes.error, `it has more than ${maxImages} images`)
  }
  return details
}

/** Charts, signatures and bills of materials are kept beside images, and have no configuration to judge. */
function isImage({ artifactMediaType }: ImageDetail): boolean {
  return (
    artifactMediaType === undefined ||
    /container\.image\.v1|image\.config\.v1/.test(artifactMediaType)
  )
}

const signatureTag = /^sha(?:256|512)-[0-9a-f]{64,128}(?:\.(?:sig|att|sbom))?$/

function isTaggedImage(detail: ImageDetail): boolean {
  const tags = detail.imageTags ?? []
  return isImage(detail) && tags.some((tag) => !signatureTag.test(tag))
}

function timeOf(date: Date | undefined): number {
  return date?.getTime() ?? 0
}

type Dates = Omit<ImageEvidence, 'isLatest' | 'scans' | 'configurations' | 'signatures'>

function evidenceOf(detail: ImageDetail): Dates {
  return {
    digest: detail.imageDigest ?? '',
    tags: detail.imageTags ?? [],
    pushedAt: detail.imagePushedAt?.getTime(),
    lastPulledAt: detail.lastRecordedPullTime?.getTime(),
    sizeBytes: detail.imageSizeInBytes ?? 0,
  }
}

type Inside = Pick<ImageEvidence, 'scans' | 'configurations' | 'signatures'>

function unread(looked: number): Inside {
  const why = `not looked into: more images than --images ${looked} of a repository`
  const unknown = { kind: 'unknown', why } as const
  return { scans: unknown, configurations: unknown, signatures: unknown }
}

interface Looked {
  readonly repositoryName: string
  readonly detail: ImageDetail
  readonly details: readonly ImageDetail[]
  readonly isLatest: boolean
  readonly isPullAllowed: boolean
}

async function lookInto(session: Session, looked: Looked): Promise<Inside> {
  const { repositoryName, detail, isLatest, isPullAllowed } = looked
  if (!isPullAllowed) return lookFromOutside(session, looked)
  const found = await tell('ecr:BatchGetImage', () => targetsIn(session, repositoryName, detail))
  if (found.kind !== 'told') return { scans: found, configurations: found, signatures: found }
  const targets = found.value
  const scans = await tell('ecr:DescribeImageScanFindings', () => scansOf(session, targets))
  const isAsked = { kind: 'not-applicable', why: 'only the newest image is asked for it' } as const
  return {
    scans,
    configurations: isLatest
      ? await tell('ecr:GetDownloadUrlForLayer', () => configurationsOf(session, targets))
      : isAsked,
    signatures: isLatest
      ? await tell('ecr:ListImageReferrers', () => signaturesOf(session, looked))
      : isAsked,
  }
}

const pullNeeded = {
  kind: 'unknown',
  why: 'reading it counts as a pull: give --pull, or audit as a role that aws ecr register-pull-time-update-exclusion names',
} as const

/** An index whose manifest is not fetched is judged by what the source says of it as a whole, if anything. */
async function lookFromOutside(session: Session, looked: Looked): Promise<Inside> {
  const { repositoryName: repository, detail, isLatest } = looked
  const { imageDigest: digest = '', imageManifestMediaType: type = '' } = detail
  const target = { repository, registryId: undefined, digest, platform: undefined }
  const scans = await tell('ecr:DescribeImageScanFindings', () => scansOf(session, [target]))
  const isUntold = scans.kind === 'told' && scans.value.some(({ kind }) => kind !== 'scanned')
  return {
    scans: isUntold && /index|manifest\.list/.test(type) ? pullNeeded : scans,
    configurations: pullNeeded,
    signatures: isLatest
      ? await tell('ecr:ListImageReferrers', () => signaturesOf(session, looked))
      : { kind: 'not-applicable', why: 'only the newest image is asked for it' },
  }
}

async function targetsIn(
  session: Session,
  repository: string,
  { imageDigest = '', imageManifestMediaType = '', imagePushedAt }: ImageDetail,
): Promise<readonly Target[]> {
  const reference = parseImageReference(`${repository}@${imageDigest}`)
  if (reference === undefined) throw new Failure(exitCodes.error, 'its digest cannot be read')
  const found = {
    digest: imageDigest,
    mediaType: imageManifestMediaType,
    pushedAt: imagePushedAt,
  }
  return targetsOf(session, { reference, registryId: undefined, found })
}

async function scansOf(
  session: Session,
  targets: readonly Target[],
): Promise<readonly ScanEvidence[]> {
  const scans: ScanEvidence[] = []
  for (const target of targets)
    scans.push({ platform: target.platform, ...scanIn(await readScan(session, target)) })
  return scans
}

function scanIn(state: ScanState): Omit<ScanEvidence, 'platform'> {
  if (state.kind === 'running') return { kind: 'running', findings: [], words: undefined }
  const findings = state.findings.map((finding) => ({
    vulnerability: finding.vulnerability,
    severity: finding.severity,
    packageName: finding.packageName,
    packageVersion: finding.packageVersion,
    kev: finding.kev,
    fix: finding.fix,
    firstKnown: finding.firstKnown,
    release: /[?&]distro=([a-z0-9._-]{1,100})/.exec(finding.purl ?? '')?.[1] ?? finding.release,
  }))
  if (state.kind === 'scanned') return { kind: 'scanned', findings, words: state.note }
  const kind = state.status === 'NOT_SCANNED' ? 'never' : 'incomplete'
  return { kind, findings, words: state.reason }
}

async function configurationsOf(
  session: Session,
  targets: readonly Target[],
): Promise<Extract<ImageEvidence['configurations'], { kind: 'told' }>['value']> {
  const all = []
  for (const target of targets) {
    const one = await readConfiguration(session, target)
    if (one !== undefined) all.push(one)
  }
  return all
}

const signatureType = /cosign|sigstore|notary|notation|signature/i
const nobodyVerified: Told<boolean> = {
  kind: 'unknown',
  why: 'it has artifacts that call themselves signatures, and no source tells whether somebody verified them',
}

/** By referrers, and by the tags that cosign gave signatures before there were any. */
async function signaturesOf(
  session: Session,
  { repositoryName, detail: { imageDigest = '' }, details }: Looked,
): Promise<ClaimedSignatures> {
  const command = new ListImageReferrersCommand({ repositoryName, subjectId: { imageDigest } })
  const { referrers = [] } = await session.ecr.send(command)
  const byType = referrers.filter(({ artifactType = '' }) => signatureType.test(artifactType))
  const tag = `${imageDigest.replace(':', '-')}.sig`
  const byTag = details.filter(({ imageTags = [] }) => imageTags.includes(tag))
  const count = byType.length + byTag.length
  const isAsked = session.endpoint !== undefined && count > 0
  return {
    count,
    isTrusted: isAsked ? await trustedOf(session, repositoryName, imageDigest) : nobodyVerified,
  }
}

const noPolicy: Told<boolean> = {
  kind: 'unknown',
  why: 'it has signatures, and no trust policy says whose count (pratique trust set)',
}

/** By what the registry has verified; any trust policy that is about the repository will do. */
async function trustedOf(
  session: Session,
  repository: string,
  digest: string,
): Promise<Told<boolean>> {
  const told = await tell('pratique:GetEvidence', () =>
    askEvidence(session, { repository, digest }),
  )
  if (told.kind !== 'told') return told
  const results = told.value.map(({ result }) => result)
  if (results.length === 0) return noPolicy
  if (results.includes('verified')) return { kind: 'told', value: true }
  const why = 'its signatures are still to be verified, or could not be'
  return results.includes('unknown') ? { kind: 'unknown', why } : { kind: 'told', value: false }
}
