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
    imageScanStatus: renderScanStatus(scan),
  }
  if (scan.completedAt === undefined) return answer
  const list = await listFindings(database, scan.instances)
  const page = {
    operation: 'DescribeImageScanFindings',
    // A token is for one state of the data: the order of findings is another after an import.
    inputs: [key, list.dataRevision],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const start = Number(cursorOf(deps, page) ?? 0)
  const end = start + (input.maxResults ?? defaultPageSize)
  const { updatedAt } = await describeAdvisories(deps)
  const next = end < list.findings.length ? end : undefined
  return {
    ...answer,
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
export function renderScanStatus(scan: FoundScan): {
  readonly status: string
  readonly description?: string
} {
  const description = scan.reason ?? describeNotes(scan)
  return { status: scan.status, ...(description === undefined ? {} : { description }) }
}

function describeNotes({ status, notes }: FoundScan): string | undefined {
  if (status === 'PENDING') return 'The scan is in the queue.'
  if (status === 'IN_PROGRESS') return 'The scan is running.'
  return notes.length === 0 ? undefined : `Not covered: ${notes.join('; ')}`
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
