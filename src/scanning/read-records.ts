// The records of an image: its findings, one for each flaw, with the times at which data spoke of them.
import type { SqlReader } from '../storage/database/database.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import {
  recordFinding,
  type FindingRecord,
  type FlawTimes,
  type RecordedImage,
} from './finding-record.ts'
import type { ScannedInstance } from './image-scan.ts'
import { listFindings, type Finding } from './list-findings.ts'
import { listMatches, type FlawRevisions, type PackageFinding } from './list-matches.ts'
import { listFlawRevisions } from './match-store.ts'
import { findRecordedImage, findRevisionTime } from './recorded-image-store.ts'
import { readScannedInstances, type ScanKey } from './scan-store.ts'
import type { Suppressions } from './suppressions.ts'

export interface RecordDeps {
  readonly reader: SqlReader
  readonly suppressions: Suppressions
}

/**
 * All records of an image, as the newest data has them, in order of flaws; undefined when no scan of it ever ended. `only`: of one
 * flaw alone, by the name under which it is listed.
 */
export async function readRecords(
  deps: RecordDeps,
  key: ScanKey,
  only?: string,
): Promise<readonly FindingRecord[] | undefined> {
  const image = await findRecordedImage(deps.reader, key)
  if (image === undefined) return undefined
  return new RecordReader(deps).read(image, only)
}

/** Packages whose flaws are kept at hand: images of one base have most of theirs in common. */
const keptPackages = 2000

/** Reads records of many images under one revision of the data: what they share is read once. */
export class RecordReader {
  readonly #deps: RecordDeps
  readonly #flaws = new Map<number, readonly PackageFinding[]>()
  readonly #times = new Map<number, Date>()
  #revision: number | undefined

  constructor(deps: RecordDeps) {
    this.#deps = deps
  }

  async read(image: RecordedImage, only?: string): Promise<readonly FindingRecord[]> {
    const { reader, suppressions } = this.#deps
    const key = { repositoryId: image.repositoryId, digest: image.digest }
    const found = await readScannedInstances(reader, key)
    const counting = found.filter(({ passedOver }) => passedOver === undefined)
    const matches = await this.#matchesOf(counting, only)
    if (matches.length === 0) return []
    const concerned = new Set(matches.map(({ packageId }) => packageId))
    const instances = counting
      .filter(({ packageId }) => concerned.has(packageId))
      .map((instance) => ({ ...instance, imageDigest: image.digest }))
    const { account, repositoryId: id, repository: name } = image
    const inForce = await suppressions.inForce({ account, repository: { id, name }, instances })
    const list = await listFindings(reader, instances, inForce, { known: matches })
    return this.#record(image, [...list.findings, ...list.suppressed])
  }

  async #record(
    image: RecordedImage,
    findings: readonly Finding[],
  ): Promise<readonly FindingRecord[]> {
    const records: FindingRecord[] = []
    const flaws = Map.groupBy(findings, ({ vulnerability }) => vulnerability)
    for (const [, [first, ...others]] of flaws) {
      if (first === undefined) continue
      const ofFlaw = [first, ...others] as const
      records.push(recordFinding(image, ofFlaw, { times: await this.#timesOf(ofFlaw) }))
    }
    return records.toSorted((a, b) => (a.vulnerability < b.vulnerability ? -1 : 1))
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

  async #matchesOf(
    instances: readonly ScannedInstance[],
    only: string | undefined,
  ): Promise<readonly PackageFinding[]> {
    const matches: PackageFinding[] = []
    for (const packageId of new Set(instances.map((instance) => instance.packageId))) {
      const flaws = await this.#flawsOf(packageId)
      matches.push(
        ...(only === undefined ? flaws : flaws.filter((flaw) => flaw.vulnerability === only)),
      )
    }
    return matches
  }

  async #flawsOf(packageId: number): Promise<readonly PackageFinding[]> {
    const known = this.#flaws.get(packageId)
    if (known !== undefined) return known
    const { reader } = this.#deps
    this.#revision ??= (await readAdvisoryState(reader)).revision
    const listed = await listMatches(reader, [packageId], this.#revision)
    const since =
      listed.length === 0
        ? new Map<string, FlawRevisions>()
        : await listFlawRevisions(reader, packageId, this.#revision)
    const flaws = listed.map((flaw) => ({ ...flaw, history: historyOf(flaw, since) }))
    const [oldest] = this.#flaws.keys()
    if (oldest !== undefined && this.#flaws.size >= keptPackages) this.#flaws.delete(oldest)
    this.#flaws.set(packageId, flaws)
    return flaws
  }
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
