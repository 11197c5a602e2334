import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { AccountId } from '../policy/account-id.ts'
import { findManifestSummary, findPushedBy } from '../registry/manifest-store.ts'
import { findRepositoryById, type Repository } from '../registry/repository-store.ts'
import { listTagsOf } from '../registry/tag-store.ts'
import { listUsesOfImage } from '../running/cluster-image-store.ts'
import type { PlacedUse } from '../running/image-use.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listAdvisoriesNaming } from './advisory-store.ts'
import { findRevisionDate, readAdvisoryState } from './advisory-state-store.ts'
import { findHoldersOfFlaw, namesOfFlaw } from './find-affected-holdings.ts'
import { findPackages, type AskedPackage } from './find-packages.ts'
import { listFindings, type Finding } from './list-findings.ts'
import { compareImages, findSetsHolding, imagesInSets } from './list-images-holding.ts'
import { listHeldPackages, type HeldPackage } from './list-held-packages.ts'
import type { ImagePage, ScanKey } from './scan-store.ts'
import { countUnjudgedScans, readScannedInstances } from './scan-store.ts'
import type { Suppressions } from './suppressions.ts'

export interface FindImagesDeps {
  readonly reader: SqlReader
  readonly suppressions: Suppressions
}

export interface FindImagesInput {
  readonly account: AccountId
  readonly asked:
    { readonly kind: 'flaw'; readonly id: string } | ({ readonly kind: 'package' } & AskedPackage)
  readonly after: ImagePage['after']
  readonly limit: number
}

export interface FoundImage {
  readonly repository: RepositoryName
  readonly digest: Digest
  readonly tags: readonly Tag[]
  readonly pushedAt: Date
  readonly pushedBy: string | undefined
  /** At most half a day late; undefined where it was never pulled. */
  readonly lastPulledAt: Date | undefined
  /** Where it runs or ran, as far as clusters told: those that are taken to run it first, a hundred at most. */
  readonly uses: readonly PlacedUse[]
  /** Since when the data here say so of this image; undefined where no flaw was asked for. */
  readonly knownSince: Date | undefined
  /** Of the flaw asked for, those that are not counted too, each with its suppression. */
  readonly findings: readonly Finding[]
  /** Where a package was asked for. */
  readonly packages: readonly HeldPackage[]
}

export interface FoundImages {
  /**
   * `unknown-flaw`: no record here names it, so that nothing is known. Of packages there is `none` whether or not an image of another
   * account holds one: what others have is not to be guessed from here.
   */
  readonly answer: 'found' | 'none' | 'unknown-flaw' | 'refused-package'
  /** Names under which the flaw was looked for. */
  readonly names: readonly string[]
  readonly images: readonly FoundImage[]
  readonly total: { readonly images: number; readonly repositories: number }
  /** Images that were not scanned, or could not be judged whole: they may hold it too. */
  readonly unjudged: number
  /** More packages have the name than are looked at. */
  readonly isCut: boolean
  /** Where the next page begins; undefined at the end. */
  readonly next: ImagePage['after'] | undefined
  readonly dataRevision: number
  /** Newer data is in force, and not held against every package yet: more images may have the flaw, or fewer. */
  readonly isBehind: boolean
}

/** Which images of an account hold a flaw, or a package: from the flaw to its packages to the sets that hold them. */
export async function findImages(
  { reader, suppressions }: FindImagesDeps,
  input: FindImagesInput,
): Promise<FoundImages> {
  const { account, asked } = input
  const { revision, evaluatedRevision } = await readAdvisoryState(reader)
  const isBehind = asked.kind === 'flaw' && evaluatedRevision < revision
  const search = await searchFor(reader, asked, revision)
  const unjudged = await countUnjudgedScans(reader, account)
  const page = await pageOf(reader, input, search.setIds)
  const images: FoundImage[] = []
  for (const { key, repository } of page.keys) {
    images.push(await describeImage({ reader, suppressions }, { key, repository, search }))
    await yieldToEventLoop()
  }
  const { answer, names, isCut } = search
  const { total, next } = page
  return {
    answer: answer === 'found' && total.images === 0 ? 'none' : answer,
    names,
    images,
    total,
    unjudged,
    isCut,
    next,
    dataRevision: isBehind ? evaluatedRevision : revision,
    isBehind,
  }
}

interface Search {
  readonly answer: FoundImages['answer']
  readonly kind: 'flaw' | 'package'
  readonly names: readonly string[]
  readonly packageIds: ReadonlySet<number>
  readonly setIds: ReadonlySet<number>
  readonly isCut: boolean
}

const nothing = { packageIds: new Set<number>(), setIds: new Set<number>(), isCut: false }

async function searchFor(
  reader: SqlReader,
  asked: FindImagesInput['asked'],
  revision: number,
): Promise<Search> {
  if (asked.kind === 'flaw') {
    const names = await namesOfFlaw(reader, asked.id, revision)
    const holders = await findHoldersOfFlaw(reader, names, revision)
    const search = { kind: asked.kind, names, isCut: false, ...holders }
    if (holders.packageIds.size > 0) return { answer: 'found', ...search }
    const named = await listAdvisoriesNaming(reader, asked.id, { revision, limit: 1 })
    return { answer: named.length > 0 ? 'none' : 'unknown-flaw', ...search }
  }
  const kind = asked.kind
  const found = await findPackages(reader, asked)
  if (found === undefined) return { answer: 'refused-package', kind, names: [], ...nothing }
  const { ids, isCut } = found
  const setIds = await findSetsHolding(reader, ids)
  return { answer: 'found', kind, names: [], packageIds: new Set(ids), setIds, isCut }
}

const maxUses = 100

interface PlacedKey {
  readonly key: ScanKey
  readonly repository: Repository
}

/** Goes through all images once: the page, and how many there are in all. */
async function pageOf(
  reader: SqlReader,
  { account, after, limit }: FindImagesInput,
  setIds: ReadonlySet<number>,
): Promise<Pick<FoundImages, 'total' | 'next'> & { readonly keys: readonly PlacedKey[] }> {
  const keys: PlacedKey[] = []
  const holding = new Set<number>()
  let images = 0
  let next: ImagePage['after'] | undefined
  for await (const placed of imagesOf(reader, account, setIds)) {
    images += 1
    holding.add(placed.key.repositoryId)
    if (compareImages(placed.key, after) <= 0) continue
    if (keys.length < limit) keys.push(placed)
    else next ??= keys.at(-1)?.key
  }
  return { keys, next, total: { images, repositories: holding.size } }
}

/** Images of the account whose set is one of these, in order. */
async function* imagesOf(
  reader: SqlReader,
  account: AccountId,
  setIds: ReadonlySet<number>,
): AsyncGenerator<PlacedKey> {
  const repositories = new Map<number, Repository | undefined>()
  for await (const keys of imagesInSets(reader, setIds, { repositoryId: 0, digest: '' })) {
    for (const key of keys) {
      const { repositoryId } = key
      if (!repositories.has(repositoryId))
        repositories.set(repositoryId, await findRepositoryById(reader, repositoryId))
      const repository = repositories.get(repositoryId)
      if (repository?.account === account) yield { key, repository }
    }
  }
}

async function describeImage(
  { reader, suppressions }: FindImagesDeps,
  { key, repository, search }: PlacedKey & { readonly search: Search },
): Promise<FoundImage> {
  const { digest, repositoryId } = key
  const scanned = await readScannedInstances(reader, key)
  const instances = scanned
    .filter(({ packageId }) => search.packageIds.has(packageId))
    .map((instance) => ({ ...instance, imageDigest: digest }))
  const { account, name } = repository
  const place = { account, repository, instances }
  const findings =
    search.kind === 'flaw'
      ? await findingsNamed(reader, search.names, instances, await suppressions.inForce(place))
      : []
  const packages = search.kind === 'flaw' ? [] : await listHeldPackages(reader, instances)
  const manifest = await findManifestSummary(reader, repositoryId, digest)
  const pushedAt = manifest?.pushedAt ?? new Date(0)
  return {
    repository: name,
    digest,
    tags: await listTagsOf(reader, repositoryId, digest),
    pushedAt,
    pushedBy: await findPushedBy(reader, repositoryId, digest),
    lastPulledAt: manifest?.lastPulledAt,
    uses: await listUsesOfImage(
      reader,
      { account, repositoryId, repository: name, digest },
      maxUses,
    ),
    knownSince: await knownSince(reader, findings, pushedAt),
    findings,
    packages,
  }
}

async function findingsNamed(
  reader: SqlReader,
  names: readonly string[],
  instances: Parameters<typeof listFindings>[1],
  inForce: Parameters<typeof listFindings>[2],
): Promise<readonly Finding[]> {
  const { findings, suppressed } = await listFindings(reader, instances, inForce)
  return [...findings, ...suppressed].filter(({ vulnerability, aliases }) =>
    names.some((name) => name === vulnerability || aliases.includes(name)),
  )
}

/** Not before it was pushed, and not before the data said so. */
async function knownSince(
  reader: SqlReader,
  findings: readonly Finding[],
  pushedAt: Date,
): Promise<Date | undefined> {
  if (findings.length === 0) return undefined
  const first = Math.min(...findings.map(({ fromRevision }) => fromRevision))
  const said = await findRevisionDate(reader, first)
  return said === undefined || said < pushedAt ? pushedAt : said
}
