import type { Clock } from '../lib/clock.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { AccountId } from '../policy/account-id.ts'
import { lookUpManifestSummary } from '../registry/manifest-lookup-store.ts'
import { findRepository } from '../registry/repository-store.ts'
import { isImmutable } from '../registry/rules/tag-mutability.ts'
import {
  addReported,
  endUnreported,
  keepUnclear,
  trimPlaces,
  type ReportedPlace,
  type UnclearPlace,
} from '../running/cluster-sighting-store.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { writeReport, type ClusterReport } from './cluster-report-store.ts'
import { admissionError } from './errors.ts'
import { requireCluster } from './register-cluster.ts'
import { readClusterReport, type ReportedImage } from './rules/cluster-report.ts'
import { readImageReference } from './rules/image-reference.ts'
import { locateImage } from './rules/own-image.ts'

export interface ReportDeps {
  readonly database: Database
  readonly clock: Clock
  /** Under which names nodes may reach this registry, in lower case. */
  readonly hostsOf: (account: AccountId) => readonly string[]
}

/** What a report came to. */
export interface TakenReport extends ClusterReport {
  /** Places that ran something before and do not any more. */
  readonly ended: number
  /** The first of those of which nobody can tell what they run, each with why. */
  readonly unclear: readonly { readonly image: string; readonly why: string }[]
}

/** What was let run while the list was made, and is not in it yet. */
const graceMs = 10 * 60_000
/** Places that one transaction writes: pushes wait for it. */
const placesAtOnce = 500
const maxUnclear = 20
/** Tags are looked up, each in two statements: others have their turn between so many. */
const locatedAtOnce = 100

/**
 * Puts what a cluster says that it runs in the place of what was known of it. A kill between leaves what was reported and what was known before.
 * CLUSTER_UNKNOWN, CLUSTER_REPORT_INVALID.
 */
export async function reportCluster(
  deps: ReportDeps,
  input: {
    readonly account: AccountId
    readonly name: string
    /** What the caller sent. */
    readonly asked: unknown
    /** ARN. */
    readonly by: string
  },
): Promise<TakenReport> {
  const { database, clock } = deps
  const { account, name: cluster, by } = input
  const reading = readClusterReport(input.asked)
  if (reading.kind === 'refused') throw admissionError('CLUSTER_REPORT_INVALID', reading.problem)
  const { settings } = await requireCluster(database, { account, name: cluster })
  const hosts = new Set([...deps.hostsOf(account), ...settings.hosts])
  const at = clock.now()
  const sorted = await sortOut(database, { account, hosts }, reading.images)
  for (let from = 0; from < sorted.places.length; from += placesAtOnce) {
    const part = sorted.places.slice(from, from + placesAtOnce)
    await database.transaction(async (tx) => {
      await requireCluster(tx, { account, name: cluster })
      await addReported(tx, { account, cluster }, part, at)
    })
  }
  const report: ClusterReport = {
    cluster,
    at,
    by,
    images: sorted.places.length,
    units: sorted.places.reduce((sum, { units }) => sum + units, 0),
    foreignUnits: sorted.foreignUnits,
    unclearUnits: sorted.unclearUnits,
  }
  const ended = await database.transaction(async (tx) => {
    await requireCluster(tx, { account, name: cluster })
    // A tag that may have moved names something that runs: what is known of its repository there is no worse guess than nothing.
    await keepUnclear(tx, { account, cluster }, sorted.unclearPlaces, at)
    const admittedBefore = new Date(at.getTime() - graceMs)
    const count = await endUnreported(tx, { account, cluster }, { at, admittedBefore })
    await trimPlaces(tx, { account, cluster })
    await writeReport(tx, account, report)
    return count
  })
  return { ...report, ended, unclear: sorted.unclear }
}

interface Sorted {
  readonly places: readonly ReportedPlace[]
  readonly foreignUnits: number
  readonly unclearUnits: number
  readonly unclear: TakenReport['unclear']
  /** Each once. */
  readonly unclearPlaces: readonly UnclearPlace[]
}

interface Place {
  readonly account: AccountId
  readonly hosts: ReadonlySet<string>
}

async function sortOut(
  reader: SqlReader,
  place: Place,
  images: readonly ReportedImage[],
): Promise<Sorted> {
  const places = new Map<string, ReportedPlace>()
  const unclear: { readonly image: string; readonly why: string }[] = []
  const unclearPlaces = new Map<string, UnclearPlace>()
  const digests = new Map<string, Located>()
  let [foreignUnits, unclearUnits] = [0, 0]
  for (const { image, namespace, kind, name, units } of images) {
    const located = digests.get(image) ?? (await locate(reader, place, image))
    digests.set(image, located)
    if (digests.size % locatedAtOnce === 0) await yieldToEventLoop()
    if (located.kind === 'foreign') foreignUnits += units
    if (located.kind === 'unclear') {
      const { why, repository } = located
      unclearUnits += units
      if (unclear.length < maxUnclear) unclear.push({ image, why })
      if (repository !== undefined)
        unclearPlaces.set(JSON.stringify([namespace, repository]), { namespace, repository })
    }
    if (located.kind !== 'own') continue
    const { repository, digest } = located
    const key = JSON.stringify([namespace, kind, name, repository, digest])
    const known = places.get(key)?.units ?? 0
    const workload = { namespace, workloadKind: kind, workloadName: name }
    places.set(key, { ...workload, repository, digest, units: known + units })
  }
  const found = { places: [...places.values()], unclearPlaces: [...unclearPlaces.values()] }
  return { ...found, foreignUnits, unclearUnits, unclear }
}

type Located =
  | { readonly kind: 'own'; readonly repository: RepositoryName; readonly digest: Digest }
  | { readonly kind: 'foreign' }
  /** `repository`: where it is known which one it is. */
  | { readonly kind: 'unclear'; readonly why: string; readonly repository?: RepositoryName }

async function locate(
  reader: SqlReader,
  { account, hosts }: Place,
  image: string,
): Promise<Located> {
  const reading = readImageReference(image)
  if (reading.kind === 'refused') return { kind: 'unclear', why: reading.problem }
  const located = locateImage(reading.reference, { hosts, account })
  if (located.kind === 'foreign') return { kind: 'foreign' }
  if (located.kind === 'unnameable')
    return { kind: 'unclear', why: 'no repository here can have that name' }
  const { repository, reference } = located
  // What runs may be deleted here, and yet runs.
  if (reference.kind === 'digest') return { kind: 'own', repository, digest: reference.digest }
  return byTag(reader, { account, repository, tag: reference.tag })
}

/** What a tag names now is what runs only where tags cannot move. */
async function byTag(
  reader: SqlReader,
  {
    account,
    repository: name,
    tag,
  }: { readonly account: AccountId; readonly repository: RepositoryName; readonly tag: Tag },
): Promise<Located> {
  const repository = await findRepository(reader, { account, name })
  if (repository !== undefined && !isImmutable(repository.tagMutability, tag))
    return {
      kind: 'unclear',
      why: 'the tag may have moved since it was pulled: report the digest',
      repository: name,
    }
  const found =
    repository === undefined
      ? undefined
      : await lookUpManifestSummary(reader, { account, name }, { kind: 'tag', tag })
  return found?.manifest === undefined
    ? { kind: 'unclear', why: 'the repository has no such tag', repository: name }
    : { kind: 'own', repository: name, digest: found.manifest.digest }
}
