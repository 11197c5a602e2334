import type { Digest } from '../../../oci/digest.ts'
import { renderScanStatus } from '../../../scanning/describe-scan-status.ts'
import { findScan, type FoundScan } from '../../../scanning/find-scan.ts'
import { listCveFactSources } from '../../../scanning/cve-fact-store.ts'
import { listFindings, type Finding, type FindingList } from '../../../scanning/list-findings.ts'
import { findRevisionTime } from '../../../scanning/recorded-image-store.ts'
import { resolveScanning } from '../../../scanning/resolve-scanning.ts'
import { countHeldBack, nothingHeldBack } from '../../../scanning/summarize-scan.ts'
import { getRepository } from '../../../registry/repository-store.ts'
import type { SqlReader } from '../../../storage/database/database.ts'
import { epochSeconds, repositoryIn, type EcrCall, type EcrDeps } from './call.ts'
import { countRecords, openRecords, renderEnhanced } from './enhanced-findings.ts'
import { ecrError, imageIdText } from './errors.ts'
import { renderFinding, type BesideFindings } from './finding-shape.ts'
import { requireImage, type ImageId } from './image-id.ts'
import { cursorOf, defaultPageSize, nextTokenFor } from './page.ts'
import { dataDate, renderDataDate } from './data-date.ts'

/**
 * Basic or enhanced, as the account is scanned. Findings are those of the newest data, or of an image that left continuous scanning those of the
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
  const asked = { asOf: scan.left?.revision, withHistory: scanning.scanType === 'BASIC' }
  const list = await listFindings(database, instances, inForce, asked)
  const dataAt = await dataDate(deps, scan.left)
  const heldBack = countHeldBack(list.suppressed)
  const told =
    scanning.scanType === 'ENHANCED' ? await enhanced(deps, key, scan) : basic(database, list)
  const page = {
    operation: 'DescribeImageScanFindings',
    // A token is for one state of the data: the order of findings is another after an import or with other suppressions.
    inputs: [
      key,
      scanning.scanType,
      list.dataRevision,
      list.findings.length,
      list.suppressed.length,
    ],
    nextToken: input.nextToken,
    maxResults: input.maxResults,
  }
  const start = Number(cursorOf(deps, page) ?? 0)
  const end = start + (input.maxResults ?? defaultPageSize)
  const next = end < told.size ? end : undefined
  return {
    ...answer,
    imageScanStatus: renderScanStatus(scan, { scanning, now, heldBack }),
    imageScanFindings: {
      imageScanCompletedAt: epochSeconds(scan.completedAt),
      ...renderDataDate(dataAt),
      findingSeverityCounts: told.counts,
      ...(await told.slice(start, end)),
    },
    ...nextTokenFor(deps, page, next),
  }
}

/** Findings in one of the two shapes. */
interface Told {
  readonly size: number
  readonly counts: Readonly<Record<string, number>>
  readonly slice: (start: number, end: number) => Promise<Readonly<Record<string, unknown>>>
}

function basic(reader: SqlReader, { findings, counts }: FindingList): Told {
  return {
    size: findings.length,
    counts: { ...counts },
    async slice(start, end) {
      const page = findings.slice(start, end)
      const beside = await readBesides(reader, page)
      return { findings: page.map((finding) => renderFinding(finding, beside)) }
    },
  }
}

/** A revision's time is read once for all findings of a page that are said since then. */
async function readBesides(
  reader: SqlReader,
  findings: readonly Finding[],
): Promise<BesideFindings> {
  const facts = await listCveFactSources(reader)
  const firstKnown = new Map<number, Date>()
  for (const first of new Set(findings.map(firstRevision)))
    firstKnown.set(first, await findRevisionTime(reader, first))
  return {
    hasEpss: facts.some(({ kind }) => kind === 'epss'),
    hasKev: facts.some(({ kind }) => kind === 'kev'),
    firstKnown: (finding) => firstKnown.get(firstRevision(finding)),
  }
}

function firstRevision({ history, fromRevision }: Finding): number {
  return history?.first ?? fromRevision
}

async function enhanced(
  { database: reader, clock, suppressions, region }: EcrDeps,
  { repositoryId, digest }: { readonly repositoryId: number; readonly digest: Digest },
  { instances }: FoundScan,
): Promise<Told> {
  // Those of an index are its platforms'.
  const digests = new Set(instances.map(({ imageDigest }) => imageDigest ?? digest))
  const records = await openRecords({ reader, clock, suppressions }, repositoryId, digests)
  return {
    size: records.length,
    counts: countRecords(records),
    slice: (start, end) =>
      Promise.resolve({
        enhancedFindings: records.slice(start, end).map((record) => renderEnhanced(record, region)),
      }),
  }
}
