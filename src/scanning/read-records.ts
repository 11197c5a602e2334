// The records of an image: its findings, one for each flaw, with the times at which data spoke of them.
import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import {
  recordFinding,
  type FindingRecord,
  type FlawTimes,
  type RecordedImage,
} from './finding-record.ts'
import {
  findRevisionAt,
  listEndedFlaws,
  type EndedFlaw,
  type FlawRevisions,
  type Window,
} from './flaw-store.ts'
import type { ScannedInstance } from './image-scan.ts'
import { findingsOf, type Finding } from './list-findings.ts'
import { listMatches, type PackageFinding } from './list-matches.ts'
import {
  findOldestLeftRevision,
  findRecordedImage,
  findRevisionTime,
} from './recorded-image-store.ts'
import { readScannedInstances, type ScanKey } from './scan-store.ts'
import type { Suppressions } from './suppressions.ts'

export interface RecordDeps {
  readonly reader: SqlReader
  readonly clock: Clock
  readonly suppressions: Suppressions
}

/** What closed is told for so long. */
const closedForMs = 30 * 24 * 3_600_000

/**
 * All records of an image, as the newest data has them, in order of flaws; undefined when none of its scans was ever asked for.
 * `only`: of one flaw alone, by the name under which it is listed.
 */
export async function readRecords(
  deps: RecordDeps,
  key: ScanKey,
  only?: string,
): Promise<readonly FindingRecord[] | undefined> {
  const image = await findRecordedImage(deps.reader, key)
  if (image === undefined) return undefined
  return (await openRecordReader(deps)).read(image, only)
}

/** A reader of records as the data is at this moment. */
export async function openRecordReader(deps: RecordDeps): Promise<RecordReader> {
  return new RecordReader(deps, await readWindow(deps))
}

/** The newest data, and how far back what closed is told. */
export async function readWindow({
  reader,
  clock,
}: Pick<RecordDeps, 'reader' | 'clock'>): Promise<Window> {
  const { revision } = await readAdvisoryState(reader)
  const since = new Date(clock.now().getTime() - closedForMs)
  const closedAfter = await findRevisionAt(reader, since)
  // Of images that left continuous scanning what was said then is told for ever.
  const oldest = await findOldestLeftRevision(reader)
  return { revision, closedAfter, endedAfter: Math.min(closedAfter, oldest ?? closedAfter) }
}

/** Packages whose flaws are kept at hand: images of one base have most of theirs in common. */
const keptPackages = 2000

/** As many as one statement asks for. */
const packagesAtOnce = 50
/** Records that are put together between two turns of the event loop. */
const recordedAtOnce = 200

interface PackageFlaws {
  readonly open: readonly PackageFinding[]
  /** As they were last said, with the revision in which they ended. */
  readonly closed: readonly (PackageFinding & { readonly ended: number })[]
}

const noFlaws: PackageFlaws = { open: [], closed: [] }

/** Reads records of many images under one revision of the data: what they share is read once. */
export class RecordReader {
  readonly window: Window
  readonly #deps: RecordDeps
  readonly #flaws = new Map<string, PackageFlaws>()
  readonly #times = new Map<number, Date>()

  constructor(deps: RecordDeps, window: Window) {
    this.#deps = deps
    this.window = window
  }

  /** In order of flaws; with `only` of the flaw of that name alone. */
  async read(image: RecordedImage, only?: string): Promise<readonly FindingRecord[]> {
    const key = { repositoryId: image.repositoryId, digest: image.digest }
    const found = await readScannedInstances(this.#deps.reader, key)
    const counting = found.filter(({ passedOver }) => passedOver === undefined)
    const open: PackageFinding[] = []
    const closed: PackageFlaws['closed'][number][] = []
    const packageIds = [...new Set(counting.map(({ packageId }) => packageId))]
    const isAsked = (flaw: PackageFinding): boolean =>
      only === undefined || flaw.vulnerability === only
    for (let start = 0; start < packageIds.length; start += packagesAtOnce) {
      const ids = packageIds.slice(start, start + packagesAtOnce)
      for (const flaws of await this.#flawsOf(ids, this.#revisionOf(image))) {
        open.push(...flaws.open.filter(isAsked))
        closed.push(...flaws.closed.filter(isAsked))
      }
      if (start > 0) await yieldToEventLoop()
    }
    const records = [
      ...(await this.#openRecords(image, counting, open)),
      ...(await this.#closedRecords(image, counting, closedOnly(closed, open))),
    ]
    return records.toSorted((a, b) => (a.vulnerability < b.vulnerability ? -1 : 1))
  }

  #revisionOf({ asOf }: RecordedImage): number {
    return asOf ?? this.window.revision
  }

  /** What is said of packages, and what lately was. */
  async #flawsOf(
    packageIds: readonly number[],
    revision: number,
  ): Promise<readonly PackageFlaws[]> {
    const nameOf = (packageId: number): string => `${packageId} ${revision}`
    const missing = packageIds.filter((packageId) => !this.#flaws.has(nameOf(packageId)))
    const read = await this.#readFlaws(missing, revision)
    const flaws = packageIds.map(
      (packageId) => this.#flaws.get(nameOf(packageId)) ?? read.get(packageId) ?? noFlaws,
    )
    for (const packageId of missing) {
      const [oldest] = this.#flaws.keys()
      if (oldest !== undefined && this.#flaws.size >= keptPackages) this.#flaws.delete(oldest)
      this.#flaws.set(nameOf(packageId), read.get(packageId) ?? noFlaws)
    }
    return flaws
  }

  async #readFlaws(
    packageIds: readonly number[],
    revision: number,
  ): Promise<ReadonlyMap<number, PackageFlaws>> {
    if (packageIds.length === 0) return new Map()
    const { reader } = this.#deps
    const { closedAfter: after } = this.window
    const open = Map.groupBy(
      await listMatches(reader, packageIds, revision, { withHistory: true }),
      ({ packageId }) => packageId,
    )
    const ended = Map.groupBy(
      await listEndedFlaws(reader, packageIds, { after, to: revision }),
      ({ packageId }) => packageId,
    )
    const flaws = new Map<number, PackageFlaws>()
    for (const packageId of new Set([...open.keys(), ...ended.keys()])) {
      const listed = open.get(packageId) ?? []
      const closed = await this.#readClosed(packageId, listed, ended.get(packageId) ?? [])
      flaws.set(packageId, { open: listed, closed })
    }
    return flaws
  }

  async #readClosed(
    packageId: number,
    open: readonly PackageFinding[],
    ended: readonly EndedFlaw[],
  ): Promise<PackageFlaws['closed']> {
    const { reader } = this.#deps
    const names = new Set(open.flatMap(({ vulnerability, aliases }) => [vulnerability, ...aliases]))
    const closed: (PackageFinding & { readonly ended: number })[] = []
    const gone = ended.filter(({ vulnerability }) => !names.has(vulnerability))
    for (const [at, flaws] of Map.groupBy(gone, (flaw) => flaw.ended)) {
      const wanted = new Set(flaws.map(({ vulnerability }) => vulnerability))
      for (const flaw of await listMatches(reader, [packageId], at - 1, { withHistory: true }))
        if (wanted.has(flaw.vulnerability))
          closed.push({
            ...flaw,
            history: { first: flaw.history?.first ?? flaw.fromRevision, changed: at },
            ended: at,
          })
    }
    return closed
  }

  async #openRecords(
    image: RecordedImage,
    instances: readonly ScannedInstance[],
    matches: readonly PackageFinding[],
  ): Promise<readonly FindingRecord[]> {
    const findings = await this.#findingsOf(image, instances, matches)
    const records: FindingRecord[] = []
    for (const [first, ...others] of byFlaw(findings)) {
      if (first === undefined) continue
      const ofFlaw = [first, ...others] as const
      records.push(recordFinding(image, ofFlaw, { times: await this.#timesOf(ofFlaw) }))
      if (records.length % recordedAtOnce === 0) await yieldToEventLoop()
    }
    return records
  }

  /** Only of what was there when the image was scanned first, or since. */
  async #closedRecords(
    image: RecordedImage,
    instances: readonly ScannedInstance[],
    matches: PackageFlaws['closed'],
  ): Promise<readonly FindingRecord[]> {
    const lasting: PackageFinding[] = []
    for (const match of matches) {
      const { ended, ...flaw } = match
      if ((await this.#timeOf(ended)) >= image.firstScannedAt) lasting.push(flaw)
    }
    const findings = await this.#findingsOf(image, instances, lasting)
    const records: FindingRecord[] = []
    for (const [first, ...others] of byFlaw(findings)) {
      if (first === undefined) continue
      const ofFlaw = [first, ...others] as const
      const times = await this.#timesOf(ofFlaw)
      records.push(recordFinding(image, ofFlaw, { times, isClosed: true }))
    }
    return records
  }

  async #findingsOf(
    image: RecordedImage,
    all: readonly ScannedInstance[],
    matches: readonly PackageFinding[],
  ): Promise<readonly Finding[]> {
    if (matches.length === 0) return []
    const { reader, suppressions } = this.#deps
    const { account, digest, repositoryId: id, repository: name } = image
    const concerned = new Set(matches.map(({ packageId }) => packageId))
    const instances = all
      .filter(({ packageId }) => concerned.has(packageId))
      .map((instance) => ({ ...instance, imageDigest: digest }))
    const inForce = await suppressions.inForce({ account, repository: { id, name }, instances })
    const revision = this.#revisionOf(image)
    return findingsOf(reader, instances, { matches, revision, suppressions: inForce })
  }

  async #timesOf(findings: readonly Finding[]): Promise<FlawTimes> {
    const revisions = findings.map(
      ({ fromRevision, history = { first: fromRevision, changed: fromRevision } }) => history,
    )
    const first = Math.min(...revisions.map((one) => one.first))
    const changed = Math.max(...revisions.map((one) => one.changed))
    return { firstSaidAt: await this.#timeOf(first), changedAt: await this.#timeOf(changed) }
  }

  async #timeOf(revision: number): Promise<Date> {
    const known = this.#times.get(revision)
    if (known !== undefined) return known
    const at = await findRevisionTime(this.#deps.reader, revision)
    this.#times.set(revision, at)
    return at
  }
}

function byFlaw(findings: readonly Finding[]): readonly (readonly Finding[])[] {
  return [...Map.groupBy(findings, ({ vulnerability }) => vulnerability).values()]
}

/** A flaw that one package of the image lost and another one still has is open. */
function closedOnly(
  closed: PackageFlaws['closed'],
  open: readonly PackageFinding[],
): PackageFlaws['closed'] {
  const names = new Set(open.flatMap(({ vulnerability, aliases }) => [vulnerability, ...aliases]))
  return closed.filter(({ vulnerability }) => !names.has(vulnerability))
}

/** Under all names of the flaw: a record may have told of it before it had a CVE. */
export function historyOf(
  { vulnerability, aliases, fromRevision }: PackageFinding,
  since: ReadonlyMap<string, FlawRevisions>,
): FlawRevisions {
  const known = [vulnerability, ...aliases].flatMap((name) => since.get(name) ?? [])
  return {
    first: Math.min(fromRevision, ...known.map(({ first }) => first)),
    changed: Math.max(fromRevision, ...known.map(({ changed }) => changed)),
  }
}
