import { describeAdvisories } from '../../../scanning/describe-advisories.ts'
import { findScan, type FoundScan } from '../../../scanning/find-scan.ts'
import { listFindings, type Finding } from '../../../scanning/list-findings.ts'
import { endOfSupport } from '../../../scanning/rules/fix-advice.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { epochSeconds, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError, imageIdText } from './errors.ts'
import { renderFinding } from './finding-shape.ts'
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
  if (scan.completedAt === undefined)
    return { ...answer, imageScanStatus: renderScanStatus(scan, deps.clock.now()) }
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
    imageScanStatus: renderScanStatus(scan, deps.clock.now(), list.suppressed),
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
  now: Date,
  suppressed: readonly Finding[] = [],
): {
  readonly status: string
  readonly description?: string
} {
  const { distribution } = scan
  const parts = [
    scan.reason ?? describeNotes(scan),
    distribution === undefined ? undefined : endOfSupport(distribution, now),
    describeSuppressed(suppressed),
  ]
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
