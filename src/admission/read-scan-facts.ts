// The scan of one image as a decision is made from it: findings only where a policy asks for some that are there.
import type { Digest } from '../oci/digest.ts'
import type { Repository } from '../registry/repository-store.ts'
import { listCveFactSources } from '../scanning/cve-fact-store.ts'
import { describeAdvisories } from '../scanning/describe-advisories.ts'
import {
  ecosystemsWithoutData,
  findScan,
  describeLeft,
  type FoundScan,
} from '../scanning/find-scan.ts'
import type { ImageContent, ImageScan } from '../scanning/image-scan.ts'
import { listFindings, type Finding } from '../scanning/list-findings.ts'
import { areCountsCurrent } from '../scanning/package-set-store.ts'
import { findRevisionTime } from '../scanning/recorded-image-store.ts'
import { findScanRow } from '../scanning/scan-store.ts'
import { findSetCounts } from '../scanning/set-count-store.ts'
import type { Suppressions } from '../scanning/suppressions.ts'
import type { Clock } from '../lib/clock.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { FindingFacts, ScanFacts } from './rules/evidence.ts'
import type { NeededFacts } from './rules/needed-facts.ts'

export interface ScanFactDeps {
  readonly reader: SqlReader
  readonly clock: Clock
  readonly suppressions: Suppressions
  readonly contentOf: (repositoryId: number) => ImageContent
}

type Needed = Pick<NeededFacts, 'severities' | 'firstKnown' | 'dataAge'>

export async function readScanFacts(
  deps: ScanFactDeps,
  repository: Repository,
  digest: Digest,
  needed: Needed,
): Promise<ScanFacts> {
  const { reader } = deps
  const key = { repositoryId: repository.id, digest }
  const row = await findScanRow(reader, key)
  if (row !== undefined && (await hasNothingNeeded(reader, row, needed))) {
    const dataAt = await dataTime(deps, row, needed)
    return { kind: 'scanned', findings: [], ...dataAt, ...noteOf(row) }
  }
  const scan = await findScan(reader, deps.contentOf(repository.id), key)
  if (scan === undefined) return { kind: 'not-scanned' }
  if (scan.completedAt === undefined) return unfinished(scan)
  const findings = await readFindingFacts(deps, repository, scan, needed)
  return scanOf(scan, findings, await dataTime(deps, scan, needed))
}

/** By the counts that are kept: what people hold back could only make them less. */
async function hasNothingNeeded(
  reader: SqlReader,
  scan: ImageScan,
  { severities }: Needed,
): Promise<boolean> {
  const { status, left, setId } = scan
  if (status !== 'COMPLETE' || left !== undefined || setId === undefined) return false
  if (severities.size > 0) {
    if (!(await areCountsCurrent(reader))) return false
    const counts = await findSetCounts(reader, setId)
    if (counts === undefined) return false
    if ([...severities].some((severity) => counts[severity] > 0)) return false
  }
  return (await ecosystemsWithoutData(reader, scan)).length === 0
}

function unfinished({ status, reason }: FoundScan): ScanFacts {
  if (status !== 'FAILED') return { kind: 'running', why: status }
  return { kind: 'failed', why: reason ?? 'the scan failed', findings: [] }
}

function scanOf(
  scan: FoundScan,
  findings: readonly FindingFacts[],
  dataAt: { readonly dataAt?: number },
): ScanFacts {
  const { status, reason } = scan
  if (status === 'COMPLETE') {
    const left = describeLeft(scan)
    return left === undefined
      ? { kind: 'scanned', findings, ...dataAt, ...noteOf(scan) }
      : { kind: 'stale', why: left, findings, ...dataAt }
  }
  const why = reason ?? `the scan ended as ${status}`
  if (findings.length > 0) return { kind: 'partial', why, findings, ...dataAt }
  return { kind: status === 'UNSUPPORTED_IMAGE' ? 'unsupported' : 'failed', why, findings }
}

function noteOf({ notes }: Pick<ImageScan, 'notes'>): { readonly note?: string } {
  return notes.length === 0 ? {} : { note: `not covered: ${notes.join('; ')}` }
}

/** When the data was imported; of an image that left continuous scanning no later than when it did. */
async function dataTime(
  { reader, clock }: ScanFactDeps,
  { left }: Pick<FoundScan, 'left'>,
  { dataAge }: Needed,
): Promise<{ readonly dataAt?: number }> {
  if (!dataAge) return {}
  const { updatedAt } = await describeAdvisories({ database: reader, clock })
  if (updatedAt === undefined) return {}
  return { dataAt: Math.min(updatedAt.getTime(), left?.at.getTime() ?? Infinity) }
}

/** Those of these severities that nothing holds back. */
export async function readFindingFacts(
  { reader, suppressions }: Pick<ScanFactDeps, 'reader' | 'suppressions'>,
  repository: Repository,
  scan: FoundScan,
  { severities, firstKnown }: Pick<Needed, 'severities' | 'firstKnown'>,
): Promise<readonly FindingFacts[]> {
  const { instances, left } = scan
  if (severities.size === 0 || instances.length === 0) return []
  const inForce = await suppressions.inForce({ account: repository.account, repository, instances })
  const asked = { asOf: left?.revision, withHistory: firstKnown }
  const { findings } = await listFindings(reader, instances, inForce, asked)
  const wanted = findings.filter(({ severity }) => severities.has(severity))
  const sources = await listCveFactSources(reader)
  const since = firstKnown ? await readTimes(reader, wanted) : new Map<number, number>()
  const has = (kind: 'epss' | 'kev'): boolean => sources.some((source) => source.kind === kind)
  const beside = { hasEpss: has('epss'), hasKev: has('kev'), since }
  return wanted.map((finding) => factsOf(finding, beside))
}

/** A revision's time is read once for all findings that are said since then. */
async function readTimes(
  reader: SqlReader,
  findings: readonly Finding[],
): Promise<ReadonlyMap<number, number>> {
  const times = new Map<number, number>()
  for (const revision of new Set(findings.map(firstRevision)))
    times.set(revision, (await findRevisionTime(reader, revision)).getTime())
  return times
}

function firstRevision({ history, fromRevision }: Finding): number {
  return history?.first ?? fromRevision
}

interface Beside {
  readonly hasEpss: boolean
  readonly hasKev: boolean
  readonly since: ReadonlyMap<number, number>
}

function factsOf(finding: Finding, { hasEpss, hasKev, since }: Beside): FindingFacts {
  const { vulnerability, aliases, severity, exploitation, fix, paths } = finding
  const { epss, kev } = exploitation
  const at = since.get(firstRevision(finding))
  const [path] = paths
  const { name, version, type, purl } = finding.package
  return {
    vulnerability,
    aliases,
    severity,
    epss:
      epss === undefined
        ? { kind: hasEpss ? 'unscored' : 'unknown' }
        : { kind: 'scored', score: epss.score },
    kev: kev !== undefined ? 'listed' : hasKev ? 'unlisted' : 'unknown',
    fix:
      fix.state === 'fixed' && fix.version !== undefined
        ? { kind: 'available', version: fix.version }
        : { kind: 'none' },
    firstKnown: at === undefined ? { kind: 'unknown' } : { kind: 'known', at },
    package: { name, version, type, purl },
    ...(path === undefined ? {} : { path }),
  }
}
