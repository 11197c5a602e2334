// Purpose:  spell a finding's record as Amazon Inspector does.
// Spec:     Amazon Inspector2 API Reference, Finding; the detail of EventBridge's `Inspector2 Finding`.
// Input:    the record; `time` spells a moment as the form of the answer has it.
// Deviates: the region is this registry's; who holds a suppressed finding back stands at the beginning of its description; source is the
//           name of the feed that told of the flaw, or what its records are known by. inUseCount is of containers, where nobody counted one for
//           each workload; to ECR it is of clusters, as its model has it. Of images that an index lists each has the uses of the index.
// Unknowns: a severity that nobody rates → UNTRIAGED; a member of which nothing is known is left out: also inUseCount, where no cluster
//           ever told what it runs.
import type { Severity } from '../ecosystems/severity.ts'
import { formatArn, repositoryArn } from '../policy/arn.ts'
import type {
  FindingRecord,
  RecordedImage,
  RecordedPackage,
  RecordedScore,
} from './finding-record.ts'

export interface Spelling {
  readonly region: string
  readonly time: (moment: Date) => unknown
  /** ECR's model of a finding is an older one: of packages, scores and images it lacks some members. */
  readonly isOfEcr?: true
}

type Shape = Readonly<Record<string, unknown>>

/** Inspector's word for a severity. */
export function inspectorSeverity(severity: Severity): string {
  return severity === 'UNDEFINED' ? 'UNTRIAGED' : severity
}

export function findingArn(region: string, { id, image }: FindingRecord): string {
  return formatArn({
    service: 'inspector2',
    region,
    account: image.account,
    resource: `finding/${id}`,
  })
}

/** ARN of the image: its repository's, with the digest. */
export function imageArn(
  region: string,
  { account, repository, digest }: Pick<RecordedImage, 'account' | 'repository' | 'digest'>,
): string {
  return `${repositoryArn(region, account, repository)}/${digest}`
}

export function spellFinding(record: FindingRecord, spelling: Spelling): Shape {
  const { score, exploitation, image } = record
  const { region, time } = spelling
  return {
    findingArn: findingArn(region, record),
    awsAccountId: image.account,
    type: 'PACKAGE_VULNERABILITY',
    title: record.title,
    description: record.description,
    severity: inspectorSeverity(record.severity),
    status: record.status,
    ...(score === undefined
      ? {}
      : {
          inspectorScore: score.score,
          inspectorScoreDetails: { adjustedCvss: spellAdjusted(score, spelling) },
        }),
    firstObservedAt: time(record.firstObservedAt),
    lastObservedAt: time(record.updatedAt),
    updatedAt: time(record.updatedAt),
    fixAvailable: record.fixAvailable,
    exploitAvailable: exploitation.kev === undefined ? 'NO' : 'YES',
    ...(exploitation.kev === undefined
      ? {}
      : { exploitabilityDetails: { lastKnownExploitAt: time(dayOf(exploitation.kev.addedOn)) } }),
    ...(exploitation.epss === undefined ? {} : { epss: { score: exploitation.epss.score } }),
    packageVulnerabilityDetails: spellDetails(record, spelling),
    remediation: { recommendation: { text: record.remediation } },
    resources: [spellImage(image, spelling)],
  }
}

/** A day as the catalogue writes it, at its beginning. */
export function dayOf(day: string): Date {
  return new Date(`${day}T00:00:00Z`)
}

export function spellAdjusted(
  { score, vector, version, source }: RecordedScore,
  { isOfEcr }: Pick<Spelling, 'isOfEcr'>,
): Shape {
  return {
    scoreSource: source,
    ...(isOfEcr === true ? {} : { cvssSource: source }),
    version,
    score,
    scoringVector: vector,
    adjustments: [],
  }
}

/** The same in Inspector's findings and in ECR's enhanced ones. */
export function spellDetails(record: FindingRecord, { time, isOfEcr }: Spelling): Shape {
  const { vendorSeverity, sourceUpdatedAt } = record
  return {
    vulnerabilityId: record.vulnerability.slice(0, 128),
    source: record.source,
    sourceUrl: record.sourceUrl,
    cvss: record.scores.map(({ score, vector, version, source }) => ({
      baseScore: score,
      scoringVector: vector,
      version,
      source,
    })),
    relatedVulnerabilities: record.aliases.map((alias) => alias.slice(0, 128)),
    referenceUrls: [record.sourceUrl],
    ...(vendorSeverity === undefined ? {} : { vendorSeverity: vendorSeverity }),
    ...(sourceUpdatedAt === undefined ? {} : { vendorUpdatedAt: time(sourceUpdatedAt) }),
    vulnerablePackages: record.packages.map((found) => ({
      ...spellPackage(found),
      ...(isOfEcr === true ? {} : spellRemedy(found)),
    })),
  }
}

function spellPackage(found: RecordedPackage): Shape {
  const { epoch, release, architecture, packageManager, fixedVersion, layerDigest, path } = found
  const isSha256 = /^sha256:[a-f0-9]{64}$/.test(layerDigest)
  return {
    name: found.name.slice(0, 1024),
    version: found.version.slice(0, 1024),
    ...(epoch === undefined ? {} : { epoch }),
    ...(release === undefined ? {} : { release: release.slice(0, 1024) }),
    ...(architecture === undefined ? {} : { arch: architecture.slice(0, 64) }),
    ...(packageManager === undefined ? {} : { packageManager }),
    ...(path === '' ? {} : { filePath: path.slice(0, 1024) }),
    // The model has no place for another algorithm's.
    ...(isSha256 ? { sourceLayerHash: layerDigest } : {}),
    ...(fixedVersion === undefined ? {} : { fixedInVersion: fixedVersion.slice(0, 1024) }),
  }
}

function spellRemedy({ remedy, purl }: RecordedPackage): Shape {
  return { remediation: remedy, ...(purl.length > 2048 ? {} : { purl }) }
}

export function spellImage(image: RecordedImage, { region, time, isOfEcr }: Spelling): Shape {
  const { tags, architecture, platform, repositoryTags } = image
  return {
    type: 'AWS_ECR_CONTAINER_IMAGE',
    id: imageArn(region, image),
    ...(isOfEcr === true ? {} : { partition: 'aws', region }),
    ...(repositoryTags.length === 0
      ? {}
      : { tags: Object.fromEntries(repositoryTags.map(({ key, value }) => [key, value])) }),
    details: {
      awsEcrContainerImage: {
        repositoryName: image.repository,
        registry: image.account,
        imageHash: image.digest,
        ...(tags.length === 0 ? {} : { imageTags: tags }),
        pushedAt: time(image.pushedAt),
        author: image.pushedBy,
        ...(architecture === undefined ? {} : { architecture }),
        ...(platform === undefined ? {} : { platform }),
        ...spellUse(image.use, { time, isOfEcr }),
      },
    },
  }
}

/** ECR counts clusters, Inspector pods and tasks. */
export function spellUse(
  use: RecordedImage['use'],
  { time, isOfEcr }: { readonly time: Spelling['time']; readonly isOfEcr?: true | undefined },
): Shape {
  if (use === undefined) return {}
  const { clusters, units, lastSeenAt } = use
  return {
    inUseCount: isOfEcr === true ? clusters : units,
    ...(lastSeenAt === undefined ? {} : { lastInUseAt: time(lastSeenAt) }),
  }
}
