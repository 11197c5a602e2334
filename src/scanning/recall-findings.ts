import type { SqlReader } from '../storage/database/database.ts'
import { findRevisionDate } from './advisory-state-store.ts'
import type { FoundScan } from './find-scan.ts'
import { findRevision } from './find-revision.ts'
import { listFindings, type Finding, type SeverityCounts } from './list-findings.ts'

/** What was known of an image at an earlier time. */
export interface RecalledFindings {
  /** Of the data that were in force. */
  readonly dataRevision: number
  /** When they came into force. */
  readonly dataAt: Date | undefined
  /** Sorted as they are listed. */
  readonly findings: readonly Finding[]
  readonly counts: SeverityCounts
  /** What the answer does not recall. */
  readonly notes: readonly string[]
}

const ofNow = [
  'severities that rest on scores of CVEs, EPSS and the catalogue of exploited flaws are those of now',
  'VEX documents and suppression rules are not applied: what was in force then is not kept',
]

/**
 * The findings of an image as the data of an earlier moment had them: `at` is a revision, a day or a moment. Undefined where the image
 * was not here then. Throws REVISION_UNKNOWN and REVISION_FORGOTTEN.
 */
export async function recallFindings(
  reader: SqlReader,
  { scan, pushedAt }: { readonly scan: FoundScan; readonly pushedAt: Date },
  at: string,
): Promise<RecalledFindings | undefined> {
  const revision = await findRevision(reader, at)
  if (isBefore(at, pushedAt)) return undefined
  const { findings, counts, dataRevision } = await listFindings(reader, scan.instances, undefined, {
    asOf: revision,
  })
  const dataAt = await findRevisionDate(reader, revision)
  return { dataRevision, dataAt, findings, counts, notes: [...scan.notes, ...ofNow] }
}

/** A day is over at its end. */
function isBefore(at: string, pushedAt: Date): boolean {
  if (!/^[0-9]{4}-/.test(at)) return false
  const moment = Date.parse(at.includes('T') ? at : `${at}T23:59:59.999Z`)
  return moment < pushedAt.getTime()
}
