// What came, went or changed in the findings of one image for another reason than new data, as records: a first scan, another engine, rules
// that ended.
import { severities, type Severity } from '../ecosystems/severity.ts'
import { recordFinding, type FindingRecord, type RecordedImage } from './finding-record.ts'
import { listMatches } from './list-matches.ts'
import { openRecordReader, type RecordDeps } from './read-records.ts'
import { countingInstances, findingsOf, timesOf, type RecordChange } from './record-changes.ts'
import { findRecordedImage } from './recorded-image-store.ts'
import { findingId } from './rules/finding-id.ts'
import type { ScanKey } from './scan-store.ts'

/** A finding that came or went in one image, as the outbox tells of it. */
export interface ToldFinding {
  readonly vulnerability: string
  /** purl of the package. */
  readonly package: string
  readonly severity: Severity
}

/**
 * All that an image has since its first scan ended, as of the data that the scan knew: what came later is told by who brought it.
 * The records of one image are in memory at once, a few thousand at most.
 */
export async function readFirstRecords(
  deps: RecordDeps,
  key: ScanKey,
  revision: number,
): Promise<readonly RecordChange[] | undefined> {
  const image = await findRecordedImage(deps.reader, key)
  if (image === undefined) return undefined
  const counting = await countingInstances(deps.reader, key)
  const ids = [...new Set(counting.map(({ packageId }) => packageId))]
  const matches = await listMatches(deps.reader, ids, revision)
  const list = await findingsOf(deps, { image, counting }, matches, revision)
  const flaws = Map.groupBy([...list.findings, ...list.suppressed], (one) => one.vulnerability)
  const open = new Set(list.findings.map((one) => one.vulnerability))
  const changes: RecordChange[] = []
  for (const [vulnerability, [first, ...rest]] of flaws) {
    if (first === undefined || !open.has(vulnerability)) continue
    const all = [first, ...rest] as const
    const times = await timesOf(deps.reader, all)
    changes.push({ change: 'NEW', record: recordFinding(image, all, { times }) })
  }
  return changes
}

/** Of findings that came, went or changed in one image for another reason than new data. Undefined: the image is gone. */
export async function readImageChanges(
  deps: RecordDeps,
  key: ScanKey,
  told: ToldImageChanges,
): Promise<readonly RecordChange[] | undefined> {
  const image = await findRecordedImage(deps.reader, key)
  if (image === undefined) return undefined
  const records = (await (await openRecordReader(deps)).read(image)).filter(
    ({ status }) => status === 'ACTIVE',
  )
  const opened = Map.groupBy(told.opened, ({ vulnerability }) => vulnerability)
  const others = new Set([...told.changed, ...told.closed].map((one) => one.vulnerability))
  const changes = records.flatMap((record): readonly RecordChange[] => {
    const { vulnerability } = record
    const purls = new Set((opened.get(vulnerability) ?? []).map((one) => one.package))
    if (purls.size === 0 && !others.has(vulnerability)) return []
    const isNew = record.packages.every(({ purl }) => purls.has(purl))
    return [{ change: isNew ? 'NEW' : 'CHANGED', record }]
  })
  const open = new Set(records.map((record) => record.vulnerability))
  const gone = told.closed.filter(({ vulnerability }) => !open.has(vulnerability))
  const closed = [...Map.groupBy(gone, ({ vulnerability }) => vulnerability).values()]
  return [...changes, ...closed.flatMap((findings) => closedRecord(image, findings) ?? [])]
}

export interface ToldImageChanges {
  readonly opened: readonly ToldFinding[]
  readonly closed: readonly ToldFinding[]
  readonly changed: readonly ToldFinding[]
}

/** Nobody knows any more where the packages were, nor what was said of them: the record says what it was, and that it is over. */
function closedRecord(
  image: RecordedImage,
  findings: readonly ToldFinding[],
): RecordChange | undefined {
  const [worst] = findings.toSorted(
    (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
  )
  if (worst === undefined) return undefined
  const { vulnerability, severity } = worst
  const names = findings.map((one) => one.package).toSorted()
  const record: FindingRecord = {
    id: findingId(image, vulnerability),
    status: 'CLOSED',
    image,
    vulnerability,
    aliases: [],
    title: `${vulnerability} - ${names.slice(0, 5).join(', ')}`.slice(0, 1024),
    description: `${vulnerability} is not found in the image any more.`,
    severity,
    vendorSeverity: undefined,
    score: undefined,
    scores: [],
    source: 'OSV',
    sourceUrl: `https://osv.dev/vulnerability/${encodeURIComponent(vulnerability)}`,
    sourceUpdatedAt: undefined,
    packages: [],
    fixAvailable: 'NO',
    remediation: 'None: the finding is closed.',
    exploitation: {},
    firstObservedAt: image.firstScannedAt,
    updatedAt: image.firstScannedAt,
    suppressions: [],
  }
  return { change: 'CLOSED', record }
}
