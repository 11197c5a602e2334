import type { Advisory } from '../ecosystems/advisory.ts'
import type { SqlReader } from '../storage/database/database.ts'
import {
  listAdvisoryVersions,
  listConcernedPackages,
  type AdvisoryVersion,
  type ConcernedPackage,
} from './advisory-history-store.ts'
import { readAdvisoryState } from './advisory-state-store.ts'
import { scanningError } from './errors.ts'
import { listImagesHolding } from './list-images-holding.ts'
import { differencesOf, type Facet } from './rules/advisory-differences.ts'
import { readStoredAdvisory } from './rules/normalised-advisory.ts'

export interface ShownAdvisory {
  readonly id: string
  /** One for each source that has or had the record. */
  readonly sources: readonly ShownRecord[]
}

interface ShownRecord {
  readonly source: string
  /** As it is in force; absent where the source has taken it away. */
  readonly record?: Advisory
  /** The newest first. */
  readonly history: readonly ShownVersion[]
  /** Stored packages that match the record; absent where they were not asked for. */
  readonly packages?: readonly ShownPackage[]
}

interface ShownVersion {
  readonly fromRevision: number
  readonly from: Date | undefined
  readonly untilRevision: number | undefined
  readonly until: Date | undefined
  readonly modified: Date | undefined
  readonly withdrawn: Date | undefined
  /** In what it differs from the state before; absent for the first that is kept. */
  readonly what?: readonly Facet[]
}

interface ShownPackage extends ConcernedPackage {
  /** Images of all accounts whose newest scan found the package; counted up to a bound. */
  readonly images: number
  readonly isCountComplete: boolean
}

const mostVersions = 200
const mostPackages = 100
const imagePage = 500
const mostImages = 10_000

/**
 * A record by its id: as it is in force in each source, its history as far as it is kept, and on request which stored
 * packages match it and how many images have them. ADVISORY_UNKNOWN where no source ever had it.
 */
export async function showAdvisory(
  reader: SqlReader,
  { id, withHolders }: { readonly id: string; readonly withHolders: boolean },
): Promise<ShownAdvisory> {
  const { revision } = await readAdvisoryState(reader)
  const versions = await listAdvisoryVersions(reader, id, { revision, limit: mostVersions })
  if (versions.length === 0)
    throw scanningError('ADVISORY_UNKNOWN', `no source has a record ${id}`, { id })
  const sources: ShownRecord[] = []
  for (const [source, own] of Map.groupBy(versions, (version) => version.source)) {
    const present = own.find(({ untilRevision }) => untilRevision === undefined)
    const packages =
      withHolders && present !== undefined ? { packages: await holdersOf(reader, present) } : {}
    const record = present === undefined ? {} : { record: readStoredAdvisory(present.json) }
    sources.push({ source, ...record, history: own.map(shownVersion), ...packages })
  }
  return { id, sources }
}

function shownVersion(
  version: AdvisoryVersion,
  index: number,
  all: readonly AdvisoryVersion[],
): ShownVersion {
  const { fromRevision, from, untilRevision, until, modified, withdrawn, json } = version
  const told = { fromRevision, from, untilRevision, until, modified, withdrawn }
  const before = all[index + 1]
  // A record that was away for a time comes back as a new one.
  if (before?.untilRevision !== fromRevision) return told
  return {
    ...told,
    what: differencesOf(readStoredAdvisory(before.json), readStoredAdvisory(json)),
  }
}

async function holdersOf(
  reader: SqlReader,
  { row }: AdvisoryVersion,
): Promise<readonly ShownPackage[]> {
  const packages: ShownPackage[] = []
  for (const one of await listConcernedPackages(reader, row, mostPackages))
    packages.push({ ...one, ...(await countImages(reader, one.packageId)) })
  return packages
}

async function countImages(
  reader: SqlReader,
  packageId: number,
): Promise<Pick<ShownPackage, 'images' | 'isCountComplete'>> {
  let images = 0
  let after = { repositoryId: 0, digest: '' }
  for (;;) {
    const page = await listImagesHolding(reader, packageId, { after, limit: imagePage })
    images += page.length
    const last = page.at(-1)
    if (last === undefined || page.length < imagePage) return { images, isCountComplete: true }
    if (images >= mostImages) return { images, isCountComplete: false }
    after = last
  }
}
