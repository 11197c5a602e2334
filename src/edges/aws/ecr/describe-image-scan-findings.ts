import { describeAdvisories } from '../../../scanning/describe-advisories.ts'
import { findScan, type FoundScan } from '../../../scanning/find-scan.ts'
import { listFindings, type Finding } from '../../../scanning/list-findings.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { epochSeconds, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError, imageIdText } from './errors.ts'
import { requireImage, type ImageId } from './image-id.ts'
import { cursorOf, defaultPageSize, nextTokenFor } from './page.ts'

/** The basic shape. Findings are those of the newest data, which `vulnerabilitySourceUpdatedAt` dates. */
export async function describeImageScanFindings(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageId: ImageId
    readonly nextToken?: string
    readonly maxResults?: number
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { database } = deps
  const repository = await getRepository(database, repositoryIn(call, input))
  const digest = await requireImage(database, repository, input.imageId)
  const key = { repositoryId: repository.id, digest }
  const scan = await findScan(database, deps.contentOf(repository.id), key)
  if (scan === undefined) {
    const message = `Image scan does not exist for the image with '${imageIdText({ ...input.imageId, imageDigest: digest })}' in the repository with name '${repository.name}' in the registry with id '${repository.account}'`
    throw ecrError('ScanNotFoundException', message)
  }
  const answer = {
    registryId: repository.account,
    repositoryName: repository.name,
    imageId: { ...input.imageId, imageDigest: digest },
  }
  if (scan.completedAt === undefined) return { ...answer, imageScanStatus: renderScanStatus(scan) }
  const { instances } = scan
  const { account } = repository
  const inForce = await deps.suppressions.inForce({ account, repository, instances })
  const list = await listFindings(database, instances, inForce)
  const page = {
    operation: 'DescribeImageScanFindings',
    // A token is for one state of the data: the order of findings is another after an import or with other suppressions.
    inputs: [key, list.dataRevision, list.findings.length, list.suppressed.length],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const start = Number(cursorOf(deps, page) ?? 0)
  const end = start + (input.maxResults ?? defaultPageSize)
  const { updatedAt } = await describeAdvisories(deps)
  const next = end < list.findings.length ? end : undefined
  return {
    ...answer,
    imageScanStatus: renderScanStatus(scan, list.suppressed),
    imageScanFindings: {
      imageScanCompletedAt: epochSeconds(scan.completedAt),
      ...(updatedAt === undefined ? {} : { vulnerabilitySourceUpdatedAt: epochSeconds(updatedAt) }),
      findingSeverityCounts: list.counts,
      findings: list.findings.slice(start, end).map(renderFinding),
    },
    ...nextTokenFor(deps, page, next),
  }
}

/** Our words for the states are ECR's; the description says why, and what is not covered. */
export function renderScanStatus(
  scan: FoundScan,
  suppressed: readonly Finding[] = [],
): {
  readonly status: string
  readonly description?: string
} {
  const parts = [scan.reason ?? describeNotes(scan), describeSuppressed(suppressed)]
  const told = parts.filter((part) => part !== undefined)
  const description = told.length === 0 ? undefined : told.join('. ')
  return { status: scan.status, ...(description === undefined ? {} : { description }) }
}

/** Decisions of people; what the distribution decides is the scanner's own judgement. */
function describeSuppressed(suppressed: readonly Finding[]): string | undefined {
  const of = (kind: 'vex' | 'rule'): number =>
    suppressed.filter(({ suppression }) => suppression?.kind === kind).length
  const [vex, rules] = [of('vex'), of('rule')]
  if (vex + rules === 0) return undefined
  const parts = [
    ...(vex === 0 ? [] : [`${vex} by VEX statements`]),
    ...(rules === 0 ? [] : [`${rules} by suppression rules`]),
  ]
  return `Findings not counted: ${parts.join(', ')}`
}

function describeNotes({ status, notes }: FoundScan): string | undefined {
  if (status === 'PENDING') return 'The scan is in the queue.'
  if (status === 'IN_PROGRESS') return 'The scan is running.'
  return notes.length === 0 ? undefined : `Not covered: ${notes.join('; ')}`
}

function describeEnded({ endedRules = [] }: Finding): string | undefined {
  if (endedRules.length === 0) return undefined
  return endedRules
    .map(({ by, until, reason }) => `ended on ${until} (${by}): ${reason}`)
    .join('; ')
}

function renderFinding(finding: Finding): Readonly<Record<string, unknown>> {
  const { package: found, fixedVersion, score, vector, advisory } = finding
  const { epss, kev } = finding.exploitation
  const isVersion2 = vector?.startsWith('CVSS') === false
  const scheme = isVersion2 ? 'CVSS2' : vector?.startsWith('CVSS:4') === true ? 'CVSS4' : 'CVSS3'
  const attributes: readonly (readonly [string, string | undefined])[] = [
    ['package_name', found.name],
    ['package_version', found.version],
    ['package_type', found.type],
    ['package_path', finding.paths[0]],
    ['purl', found.purl],
    ['fixed_version', fixedVersion],
    ['layer_digest', finding.layerDigest],
    ['advisory', advisory.id],
    ['advisory_source', advisory.source],
    ['confidence', finding.confidence],
    ['severity_source', finding.severitySource],
    ['EPSS_SCORE', epss?.score.toString()],
    ['KEV_DATE_ADDED', kev?.addedOn],
    ['aliases', finding.aliases.length === 0 ? undefined : finding.aliases.join(' ')],
    [`${scheme}_VECTOR`, vector],
    [`${scheme}_SCORE`, score?.toFixed(1)],
    ['vex_status', finding.vex?.status],
    ['vex_document', finding.vex?.document.id],
    ['suppression_ended', describeEnded(finding)],
    [
      'verdict',
      finding.verdict === 'unknown'
        ? 'unknown: the version or the range cannot be judged'
        : undefined,
    ],
  ]
  return {
    name: finding.vulnerability,
    ...(finding.summary === undefined ? {} : { description: finding.summary }),
    uri: finding.url,
    severity: finding.severity,
    attributes: attributes.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }])),
  }
}
