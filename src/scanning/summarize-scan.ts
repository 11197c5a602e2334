import { severities } from '../ecosystems/severity.ts'
import type { Repository } from '../registry/repository-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { FoundScan } from './find-scan.ts'
import {
  listFindings,
  type Finding,
  type FindingSuppressions,
  type SeverityCounts,
} from './list-findings.ts'
import { areCountsCurrent } from './package-set-store.ts'
import { findSetCounts } from './set-count-store.ts'
import type { Suppressions } from './suppressions.ts'

export interface ScanSummary {
  readonly counts: SeverityCounts
  readonly heldBack: HeldBackCounts
}

/** How many findings do not count because people decided so; what the distribution decides is the scanner's own judgement. */
export interface HeldBackCounts {
  readonly vex: number
  readonly rules: number
  readonly filters: number
}

export const nothingHeldBack: HeldBackCounts = { vex: 0, rules: 0, filters: 0 }

/** What a list of images shows of a scan: numbers, and no findings. */
export async function summarizeScan(
  { reader, suppressions }: { readonly reader: SqlReader; readonly suppressions: Suppressions },
  repository: Repository,
  scan: FoundScan,
): Promise<ScanSummary> {
  const { instances, left } = scan
  const { account } = repository
  const inForce = await suppressions.inForce({ account, repository, instances })
  const kept =
    left === undefined && saysNothing(inForce) ? await keptCounts(reader, scan) : undefined
  if (kept !== undefined) return { counts: kept, heldBack: nothingHeldBack }
  const { counts, suppressed } = await listFindings(reader, instances, inForce, {
    asOf: left?.revision,
  })
  return { counts, heldBack: countHeldBack(suppressed) }
}

/** Of one image, where they are those of now; undefined where they are to be counted from its findings. */
async function keptCounts(
  reader: SqlReader,
  { setId }: FoundScan,
): Promise<SeverityCounts | undefined> {
  if (setId === undefined || !(await areCountsCurrent(reader))) return undefined
  const counts = await findSetCounts(reader, setId)
  if (counts === undefined) return undefined
  const found = severities.filter((severity) => counts[severity] > 0)
  return Object.fromEntries(found.map((severity) => [severity, counts[severity]]))
}

/** Nobody holds anything back in the image. */
function saysNothing({ inForce, filters }: FindingSuppressions): boolean {
  return inForce.statements.length === 0 && inForce.rules.size === 0 && filters === undefined
}

export function countHeldBack(suppressed: readonly Finding[]): HeldBackCounts {
  const of = (kind: 'vex' | 'rule' | 'filter'): number =>
    suppressed.filter(({ suppression }) => suppression?.kind === kind).length
  return { vex: of('vex'), rules: of('rule'), filters: of('filter') }
}
