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
  SignatureTerm,
  Told,
} from '../../src/posture/rules/evidence.ts'
import {
  chooseImages,
  countClaimedSignatures,
  notLookedInto,
  onlyOfNewest,
  releaseIn,
  type InsideOfImage,
  type ListedImage,
} from '../../src/posture/rules/choose-images.ts'
import { layerSecretsIn, type ToldImageSecrets } from '../../src/posture/rules/layer-secrets.ts'
import {
  isTrustedBy,
  signatureTerm,
  type SignatureOutcome,
} from '../../src/posture/rules/signature-term.ts'
import { exitCodes, Failure } from '../failure.ts'
import { readScan, targetsOf, type ScanState, type Target } from '../gate/findings.ts'
import { parseImageReference } from '../reference.ts'
import { jsonOf } from '../json.ts'
import { callServer, type Session } from '../session.ts'
import { askEvidence, type ToldResult } from '../trust/ask-evidence.ts'
import { readConfiguration } from './read-configuration.ts'
import { tell } from './told.ts'

const maxImages = 20_000

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
  const listed = (await describe(session, repositoryName)).map(listedOf)
  const { latest, lookedInto } = chooseImages(listed, { now, looked })
  const tooMany = `not looked into: more images than --images ${looked} of a repository`
  const images: ImageEvidence[] = []
  for (const one of listed) {
    const isLatest = one === latest
    const inside = lookedInto.has(one)
      ? await lookInto(session, { repositoryName, ...one, listed, isLatest, isPullAllowed })
      : notLookedInto(one, tooMany)
    images.push({ ...evidenceOf(one), isLatest, ...inside })
  }
  return images
}

interface Listed extends ListedImage {
  readonly detail: ImageDetail
}

function listedOf(detail: ImageDetail): Listed {
  return {
    detail,
    tags: detail.imageTags ?? [],
    artifactType: detail.artifactMediaType,
    pushedAt: detail.imagePushedAt?.getTime(),
    lastPulledAt: detail.lastRecordedPullTime?.getTime(),
  }
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

type Dates = Omit<ImageEvidence, 'isLatest' | 'scans' | 'configurations' | 'layers' | 'signatures'>

function evidenceOf({ detail, tags, pushedAt, lastPulledAt }: Listed): Dates {
  return {
    digest: detail.imageDigest ?? '',
    tags,
    pushedAt,
    lastPulledAt,
    sizeBytes: detail.imageSizeInBytes ?? 0,
  }
}

interface Looked {
  readonly repositoryName: string
  readonly detail: ImageDetail
  readonly listed: readonly Listed[]
  readonly isLatest: boolean
  readonly isPullAllowed: boolean
}

async function lookInto(session: Session, looked: Looked): Promise<InsideOfImage> {
  const { repositoryName, detail, isLatest, isPullAllowed } = looked
  if (!isPullAllowed) return lookFromOutside(session, looked)
  const found = await tell('ecr:BatchGetImage', () => targetsIn(session, repositoryName, detail))
  const layers = await layersOf(session, looked)
  if (found.kind !== 'told')
    return { scans: found, configurations: found, layers, signatures: found }
  const targets = found.value
  const scans = await tell('ecr:DescribeImageScanFindings', () => scansOf(session, targets))
  return {
    scans,
    configurations: isLatest
      ? await tell('ecr:GetDownloadUrlForLayer', () => configurationsOf(session, targets))
      : onlyOfNewest,
    layers,
    signatures: await tell('ecr:ListImageReferrers', () => signaturesOf(session, looked)),
  }
}

const pullNeeded = {
  kind: 'unknown',
  why: 'reading it counts as a pull: give --pull, or audit as a role that aws ecr register-pull-time-update-exclusion names',
} as const

/** An index whose manifest is not fetched is judged by what the source says of it as a whole, if anything. */
async function lookFromOutside(session: Session, looked: Looked): Promise<InsideOfImage> {
  const { repositoryName: repository, detail } = looked
  const { imageDigest: digest = '', imageManifestMediaType: type = '' } = detail
  const target = { repository, registryId: undefined, digest, platform: undefined }
  const scans = await tell('ecr:DescribeImageScanFindings', () => scansOf(session, [target]))
  const isUntold = scans.kind === 'told' && scans.value.some(({ kind }) => kind !== 'scanned')
  return {
    scans: isUntold && /index|manifest\.list/.test(type) ? pullNeeded : scans,
    configurations: pullNeeded,
    layers: await layersOf(session, looked),
    signatures: await tell('ecr:ListImageReferrers', () => signaturesOf(session, looked)),
  }
}

/** Of our own server alone: nobody else reads layers for it. That is no pull. */
async function layersOf(
  session: Session,
  { repositoryName: repository, detail: { imageDigest: digest = '' }, isLatest }: Looked,
): Promise<ImageEvidence['layers']> {
  if (session.endpoint === undefined)
    return { kind: 'not-applicable', why: 'ECR does not look for secrets in layers' }
  if (!isLatest) return onlyOfNewest
  const query = new URLSearchParams({ repository, digest })
  return tell('pratique:ListImageSecrets', async () => {
    const answer = await callServer(session, 'GET', `/pratique/v1/secrets?${query.toString()}`)
    const { images } = await jsonOf<{ readonly images: readonly ToldImageSecrets[] }>(answer)
    return layerSecretsIn(images)
  })
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
    release: releaseIn(finding.purl) ?? finding.release,
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

const nobodyVerified = {
  kind: 'unknown',
  why: 'it has artifacts that call themselves signatures, and no source tells whether somebody verified them',
} as const

/** By referrers, and by the tags that cosign gave signatures before there were any. */
async function signaturesOf(
  session: Session,
  { repositoryName, detail: { imageDigest = '' }, listed }: Looked,
): Promise<ClaimedSignatures> {
  const command = new ListImageReferrersCommand({ repositoryName, subjectId: { imageDigest } })
  const { referrers = [] } = await session.ecr.send(command)
  const referrerTypes = referrers.map(({ artifactType = '' }) => artifactType)
  const count = countClaimedSignatures(imageDigest, { referrerTypes, images: listed })
  const isAsked = session.endpoint !== undefined && count > 0
  return {
    count,
    isTrusted: isAsked ? await trustedOf(session, repositoryName, imageDigest) : nobodyVerified,
    term: isAsked ? await termOf(session, repositoryName, imageDigest) : nobodyVerified,
  }
}

/** By what the registry has verified; any trust policy that is about the repository will do. */
async function trustedOf(
  session: Session,
  repository: string,
  digest: string,
): Promise<Told<boolean>> {
  const told = await tell('pratique:GetEvidence', () =>
    askEvidence<ToldOutcome>(session, { repository, digest }),
  )
  if (told.kind !== 'told') return told
  return isTrustedBy(told.value.map(({ result }) => result))
}

interface ToldOutcome extends ToldResult {
  readonly result: SignatureOutcome['result']
}

interface ToldSignature {
  readonly results: readonly (Pick<SignatureOutcome, 'result'> & { readonly endsAt?: string })[]
}

async function termOf(
  session: Session,
  repository: string,
  digest: string,
): Promise<Told<SignatureTerm>> {
  const query = new URLSearchParams({ repository, digest })
  const told = await tell('pratique:DescribeSignatures', async () => {
    const answer = await callServer(session, 'GET', `/pratique/v1/signatures?${query.toString()}`)
    return jsonOf<{ readonly signatures: readonly ToldSignature[] }>(answer)
  })
  if (told.kind !== 'told') return told
  const results = told.value.signatures.flatMap((one) => one.results)
  return signatureTerm(
    results.map(({ result, endsAt }) => ({
      result,
      endsAt: endsAt === undefined ? undefined : Date.parse(endsAt),
    })),
  )
}
