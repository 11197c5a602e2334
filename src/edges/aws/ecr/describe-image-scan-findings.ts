import { findScan } from '../../../scanning/find-scan.ts'
import { listFindings } from '../../../scanning/list-findings.ts'
import { resolveScanning } from '../../../scanning/resolve-scanning.ts'
import { countHeldBack, nothingHeldBack } from '../../../scanning/summarize-scan.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import { epochSeconds, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { ecrError, imageIdText } from './errors.ts'
import { renderFinding } from './finding-shape.ts'
import { requireImage, type ImageId } from './image-id.ts'
import { cursorOf, defaultPageSize, nextTokenFor } from './page.ts'
import { dataDate, renderDataDate } from './data-date.ts'
import { renderScanStatus } from './scan-status.ts'

/**
 * The basic shape. Findings are those of the newest data, or of an image that left continuous scanning those of the
 * data of that time; `vulnerabilitySourceUpdatedAt` dates the data.
 */
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
  const { defaults, clock } = deps
  const scanning = await resolveScanning({ reader: database, defaults }, repository)
  const now = clock.now()
  if (scan.completedAt === undefined) {
    const imageScanStatus = renderScanStatus(scan, { scanning, now, heldBack: nothingHeldBack })
    return { ...answer, imageScanStatus }
  }
  const { instances } = scan
  const { account } = repository
  const inForce = await deps.suppressions.inForce({ account, repository, instances })
  const list = await listFindings(database, instances, inForce, { asOf: scan.left?.revision })
  const page = {
    operation: 'DescribeImageScanFindings',
    // A token is for one state of the data: the order of findings is another after an import or with other suppressions.
    inputs: [key, list.dataRevision, list.findings.length, list.suppressed.length],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const start = Number(cursorOf(deps, page) ?? 0)
  const end = start + (input.maxResults ?? defaultPageSize)
  const dataAt = await dataDate(deps, scan.left)
  const heldBack = countHeldBack(list.suppressed)
  const next = end < list.findings.length ? end : undefined
  return {
    ...answer,
    imageScanStatus: renderScanStatus(scan, { scanning, now, heldBack }),
    imageScanFindings: {
      imageScanCompletedAt: epochSeconds(scan.completedAt),
      ...renderDataDate(dataAt),
      findingSeverityCounts: list.counts,
      findings: list.findings.slice(start, end).map(renderFinding),
    },
    ...nextTokenFor(deps, page, next),
  }
}
