// What new data about a package changed in the findings of one image that holds it, as records.
import type { Severity } from '../ecosystems/severity.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { recordFinding, type FindingRecord, type RecordedImage } from './finding-record.ts'
import type { ScannedInstance } from './image-scan.ts'
import { listFindings, type Finding, type FindingList } from './list-findings.ts'
import { listMatches, type PackageFinding } from './list-matches.ts'
import { listFlawRevisions, type FlawRevisions } from './flaw-store.ts'
import type { FlawChange, PackageChange } from './package-change.ts'
import { historyOf, type RecordDeps } from './read-records.ts'
import { findRecordedImage, findRevisionTime } from './recorded-image-store.ts'
import { findScanRow, readScannedInstances, type ScanKey } from './scan-store.ts'

/**
 * NEW: no package of the image had the flaw before. CLOSED: none has it any more. CHANGED: what is said of it is another, or other
 * packages have it too.
 */
export interface RecordChange {
  readonly change: 'NEW' | 'CHANGED' | 'CLOSED'
  readonly record: FindingRecord
  /** Where it was another before. */
  readonly previousSeverity?: Severity
}

/**
 * For an image that holds the package. What is held back changes nothing that counts, and is left out. Undefined: the image, or its
 * scan, is gone.
 */
export async function readRecordChanges(
  deps: RecordDeps,
  key: ScanKey,
  change: PackageChange & { readonly at: Date },
): Promise<readonly RecordChange[] | undefined> {
  const image = await findRecordedImage(deps.reader, key)
  if (image === undefined) return undefined
  if (await isNoNews(deps.reader, image, change)) return []
  const counting = await countingInstances(deps.reader, key)
  if (!counting.some(({ packageId }) => packageId === change.packageId)) return []
  const changes: RecordChange[] = []
  for (const flaw of change.flaws) {
    const one = await changeOfFlaw(deps, { image, counting }, change, flaw)
    if (one !== undefined) changes.push(one)
  }
  return changes
}

/**
 * The image left continuous scanning, so that newer data says nothing of it until it is back; or it was first scanned after the data
 * had changed, and with it, so that its first scan tells all that it has.
 */
async function isNoNews(
  reader: SqlReader,
  image: RecordedImage,
  { at, revision }: { readonly at: Date; readonly revision: number },
): Promise<boolean> {
  const { left, dataRevision = 0 } = (await findScanRow(reader, image)) ?? {}
  if (left !== undefined && left.revision < revision) return true
  return image.firstScannedAt >= at && dataRevision >= revision
}

export async function countingInstances(
  reader: SqlReader,
  key: ScanKey,
): Promise<readonly ScannedInstance[]> {
  const found = await readScannedInstances(reader, key)
  return found.filter(({ passedOver }) => passedOver === undefined)
}

interface Place {
  readonly image: RecordedImage
  readonly counting: readonly ScannedInstance[]
}

async function changeOfFlaw(
  deps: RecordDeps,
  place: Place,
  { packageId, revision }: PackageChange,
  flaw: FlawChange,
): Promise<RecordChange | undefined> {
  const { vulnerability, before, after } = flaw
  const held = new Set(place.counting.map((instance) => instance.packageId))
  const others = flaw.holders.filter(
    (one) => one.packageId !== packageId && held.has(one.packageId),
  )
  const isClosed = after === undefined && others.length === 0
  const asOf = isClosed ? revision - 1 : revision
  const known = await listMatches(deps.reader, [packageId], asOf)
  const { revision: newest } = await readAdvisoryState(deps.reader)
  const alsoKnown = await listMatches(
    deps.reader,
    others.map((one) => one.packageId),
    newest,
  )
  const matches = [...known, ...alsoKnown].filter((match) => match.vulnerability === vulnerability)
  const record = await recordOf(deps, place, matches, { isClosed, revision })
  if (record === undefined) return undefined
  const previous = before?.severity
  return {
    change: isClosed ? 'CLOSED' : wordFor(flaw, packageId, others),
    record,
    ...(previous === undefined || previous === after?.severity || isClosed
      ? {}
      : { previousSeverity: previous }),
  }
}

/** Only the package that was found first makes the finding a new one: those that follow in the same update add to it. */
function wordFor(
  { before, holders }: FlawChange,
  packageId: number,
  others: FlawChange['holders'],
): 'NEW' | 'CHANGED' {
  if (before !== undefined) return 'CHANGED'
  const own = holders.find((one) => one.packageId === packageId)
  const isFirst = others.every(({ matchId }) => own === undefined || matchId > own.matchId)
  return isFirst ? 'NEW' : 'CHANGED'
}

/** Undefined where all of it is held back. */
async function recordOf(
  deps: RecordDeps,
  place: Place,
  matches: readonly PackageFinding[],
  { isClosed, revision }: { readonly isClosed: boolean; readonly revision: number },
): Promise<FindingRecord | undefined> {
  const { findings, suppressed } = await findingsOf(deps, place, matches, revision)
  const [first, ...rest] = findings
  if (first === undefined) return undefined
  const all = [first, ...rest, ...suppressed] as const
  return recordFinding(place.image, all, { times: await timesOf(deps.reader, all), isClosed })
}

export async function findingsOf(
  { reader, suppressions }: RecordDeps,
  { image, counting }: Place,
  matches: readonly PackageFinding[],
  revision: number,
): Promise<FindingList> {
  const concerned = new Set(matches.map(({ packageId }) => packageId))
  const instances = counting
    .filter(({ packageId }) => concerned.has(packageId))
    .map((instance) => ({ ...instance, imageDigest: image.digest }))
  const { account, repositoryId: id, repository: name } = image
  const inForce = await suppressions.inForce({ account, repository: { id, name }, instances })
  const dated = await withHistory(reader, matches, revision)
  return listFindings(reader, instances, inForce, { known: dated })
}

async function withHistory(
  reader: SqlReader,
  matches: readonly PackageFinding[],
  revision: number,
): Promise<readonly PackageFinding[]> {
  const ids = [...new Set(matches.map(({ packageId }) => packageId))]
  const since = await listFlawRevisions(reader, ids, revision)
  const nothing = new Map<string, FlawRevisions>()
  return matches.map((match) => ({
    ...match,
    history: historyOf(match, since.get(match.packageId) ?? nothing),
  }))
}

export async function timesOf(
  reader: SqlReader,
  findings: readonly Finding[],
): Promise<{ readonly firstSaidAt: Date; readonly changedAt: Date }> {
  const revisions = findings.map(
    ({ fromRevision, history = { first: fromRevision, changed: fromRevision } }) => history,
  )
  return {
    firstSaidAt: await findRevisionTime(reader, Math.min(...revisions.map(({ first }) => first))),
    changedAt: await findRevisionTime(reader, Math.max(...revisions.map(({ changed }) => changed))),
  }
}
