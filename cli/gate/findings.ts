// What the gate needs to know of an image, read by the ECR API alone: the same from Pratique and from AWS.
import {
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  type DescribeImageScanFindingsCommandOutput,
  type EnhancedImageScanFinding,
  type ImageScanFinding,
} from '@aws-sdk/client-ecr'
import { exitCodes, Failure } from '../failure.ts'
import type { ImageReference } from '../reference.ts'
import { ask, type Session } from '../session.ts'

export const severities = [
  'CRITICAL',
  'HIGH',
  'MEDIUM',
  'LOW',
  'INFORMATIONAL',
  'UNDEFINED',
] as const
export type Severity = (typeof severities)[number]

export interface GateFinding {
  readonly vulnerability: string
  readonly severity: Severity
  readonly packageName: string
  readonly packageVersion: string
  /** Absent when none is known. */
  readonly fixedVersion: string | undefined
  readonly path: string | undefined
  readonly layer: string | undefined
  readonly url: string | undefined
  /** Other ids of the flaw, where the source tells them. */
  readonly aliases: readonly string[]
  /** purl type; undefined where the source does not tell. */
  readonly packageType: string | undefined
  readonly purl: string | undefined
  /** What people and vendors say of it that does not hold it back. */
  readonly remark: string | undefined
}

/** Where it is, and what is said of it. */
export function whereOf({ path, remark }: Pick<GateFinding, 'path' | 'remark'>): string {
  const said = remark === undefined ? undefined : `(${remark})`
  return [path, said].filter((part) => part !== undefined).join(' ')
}

/** One that a rule of the gate's own file holds back. */
export interface HeldFinding extends GateFinding {
  readonly suppression: {
    readonly kind: 'rule'
    readonly by: string
    readonly reason: string
    readonly until: string
    readonly number: number
  }
}

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

/** The images behind a reference: itself, or each platform of an index. */
export async function resolveTargets(
  session: Session,
  reference: ImageReference,
  registryId: string | undefined,
): Promise<readonly Target[]> {
  const { repository, text } = reference
  const scope = { repositoryName: repository, ...(registryId === undefined ? {} : { registryId }) }
  const imageIds = [imageIdOf(reference)]
  const described = await ask(session, (ecr) =>
    ecr.send(new DescribeImagesCommand({ ...scope, imageIds })),
  )
  const { imageDigest: digest, imageManifestMediaType: mediaType = '' } =
    described.imageDetails?.[0] ?? {}
  if (digest === undefined) throw new Failure(exitCodes.notFound, `${text} does not exist`)
  const target = { repository, registryId, digest, platform: undefined }
  if (!/index|manifest\.list/.test(mediaType)) return [target]
  const command = new BatchGetImageCommand({ ...scope, imageIds: [{ imageDigest: digest }] })
  const got = await ask(session, (ecr) => ecr.send(command))
  return platformsOf(got.images?.[0]?.imageManifest ?? '{}').map((child) => ({
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

export async function readScan(session: Session, target: Target): Promise<ScanState> {
  const findings: GateFinding[] = []
  let nextToken: string | undefined
  for (;;) {
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

function basicFinding(finding: ImageScanFinding): GateFinding {
  const attributes = new Map((finding.attributes ?? []).map(({ key, value }) => [key, value]))
  return {
    vulnerability: finding.name ?? 'unknown',
    severity: severityOf(finding.severity),
    packageName: attributes.get('package_name') ?? 'unknown',
    packageVersion: attributes.get('package_version') ?? 'unknown',
    fixedVersion: attributes.get('fixed_version'),
    path: attributes.get('package_path'),
    layer: attributes.get('layer_digest'),
    url: finding.uri,
    aliases: attributes.get('aliases')?.split(' ') ?? [],
    packageType: attributes.get('package_type'),
    purl: attributes.get('purl'),
    remark: remarkOf(attributes),
  }
}

function remarkOf(
  attributes: ReadonlyMap<string | undefined, string | undefined>,
): string | undefined {
  const status = attributes.get('vex_status')
  const ended = attributes.get('suppression_ended')
  const parts = [
    ...(status === undefined ? [] : [`VEX: ${status}`]),
    ...(ended === undefined ? [] : [`rule ${ended}`]),
  ]
  return parts.length === 0 ? undefined : parts.join('; ')
}

/** Inspector's words for package managers as purl types; OS may be any of several. */
const inspectorTypes: ReadonlyMap<string, string> = new Map([
  ['NODEPKG', 'npm'],
  ['NPM', 'npm'],
  ['YARN', 'npm'],
  ['PNPM', 'npm'],
  ['PYTHONPKG', 'pypi'],
  ['PIP', 'pypi'],
  ['PIPENV', 'pypi'],
  ['POETRY', 'pypi'],
  ['JAR', 'maven'],
  ['POM', 'maven'],
  ['GOBINARY', 'golang'],
  ['GOMOD', 'golang'],
  ['GEMSPEC', 'gem'],
  ['BUNDLER', 'gem'],
  ['CARGO', 'cargo'],
  ['NUGET', 'nuget'],
  ['DOTNET', 'nuget'],
  ['COMPOSER', 'composer'],
])

/** One for each package: a finding of this shape names all that hold the vulnerability. */
function enhancedFinding(finding: EnhancedImageScanFinding): readonly GateFinding[] {
  const details = finding.packageVulnerabilityDetails
  const vulnerability = details?.vulnerabilityId ?? finding.title ?? 'unknown'
  const severity = severityOf(finding.severity)
  const packages = details?.vulnerablePackages ?? []
  return packages.map((found) => ({
    vulnerability,
    severity,
    packageName: found.name ?? 'unknown',
    packageVersion: found.version ?? 'unknown',
    fixedVersion: found.fixedInVersion === 'NotAvailable' ? undefined : found.fixedInVersion,
    path: found.filePath,
    layer: found.sourceLayerHash,
    url: details?.sourceUrl,
    aliases: details?.relatedVulnerabilities ?? [],
    packageType: inspectorTypes.get(found.packageManager ?? ''),
    purl: undefined,
    remark: undefined,
  }))
}

/** UNTRIAGED is Inspector's word for what basic scanning calls UNDEFINED; any other word is undefined too. */
function severityOf(text: string | undefined): Severity {
  return severities.find((severity) => severity === text) ?? 'UNDEFINED'
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
