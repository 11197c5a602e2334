import { compareText } from '../ecosystems/digits.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { listHoldingsOf, listPostings } from './holding-store.ts'
import { eachPlace, idOf } from './rules/id-chunk.ts'
import { listImagesInSets, listImagesOfSet, type ImagePage, type ScanKey } from './scan-store.ts'

/** Fewer sets are asked for one by one; for more it is faster to go through the images. */
const fewSets = 40
const pageRows = 1000
/** As many as one statement asks for. */
const packagesAtOnce = 50

/** Images whose newest scan found this package, in order of repository and digest, after a key. */
export async function listImagesHolding(
  reader: SqlReader,
  packageId: number,
  page: ImagePage,
): Promise<readonly ScanKey[]> {
  return listImagesOfSets(reader, await findSetsHolding(reader, [packageId]), page)
}

/** Ids of the sets that hold any of the packages. */
export async function findSetsHolding(
  reader: SqlReader,
  packageIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const sets = new Set<number>()
  for (let start = 0; start < packageIds.length; start += packagesAtOnce) {
    if (start > 0) await yieldToEventLoop()
    const holdings = await listHoldingsOf(reader, packageIds.slice(start, start + packagesAtOnce))
    const ids = holdings.map(({ id }) => id)
    for (let at = 0; at < ids.length; at += packagesAtOnce) {
      if (at > 0) await yieldToEventLoop()
      await addSetsOf(reader, ids.slice(at, at + packagesAtOnce), sets)
    }
  }
  return sets
}

/** Adds the ids of the sets that hold one of some holdings. */
export async function addSetsOf(
  reader: SqlReader,
  holdingIds: readonly number[],
  sets: Set<number>,
): Promise<void> {
  const everywhere = { from: 0, to: Number.MAX_SAFE_INTEGER }
  for (const { chunk, sets: places } of await listPostings(reader, holdingIds, everywhere)) {
    eachPlace(places, (place) => {
      sets.add(idOf(chunk, place))
    })
  }
}

/** Images whose set is one of these, in order of repository and digest, after a key. */
export async function listImagesOfSets(
  reader: SqlReader,
  sets: ReadonlySet<number>,
  page: ImagePage,
): Promise<readonly ScanKey[]> {
  if (sets.size === 0) return []
  return sets.size <= fewSets ? listBySet(reader, sets, page) : goThroughImages(reader, sets, page)
}

async function listBySet(
  reader: SqlReader,
  sets: ReadonlySet<number>,
  page: ImagePage,
): Promise<readonly ScanKey[]> {
  const keys: ScanKey[] = []
  for (const setId of sets) keys.push(...(await listImagesOfSet(reader, setId, page)))
  return keys.toSorted(compareImages).slice(0, page.limit)
}

async function goThroughImages(
  reader: SqlReader,
  sets: ReadonlySet<number>,
  { after, limit }: ImagePage,
): Promise<readonly ScanKey[]> {
  const keys: ScanKey[] = []
  for await (const page of imagesInSets(reader, sets, after)) {
    keys.push(...page)
    if (keys.length >= limit) break
  }
  return keys.slice(0, limit)
}

/** Images whose set is one of these, after a key, in order; others have their turn between two parts. */
export async function* imagesInSets(
  reader: SqlReader,
  sets: ReadonlySet<number>,
  after: ImagePage['after'],
): AsyncGenerator<readonly ScanKey[]> {
  let last: ImagePage['after'] | undefined = sets.size === 0 ? undefined : after
  while (last !== undefined) {
    const page: Awaited<ReturnType<typeof listImagesInSets>> = await listImagesInSets(
      reader,
      sets,
      { after: last, limit: pageRows },
    )
    yield page.keys
    last = page.last
    await yieldToEventLoop()
  }
}

/** In order of repository and digest. */
export function compareImages(a: ImagePage['after'], b: ImagePage['after']): number {
  return a.repositoryId - b.repositoryId || compareText(a.digest, b.digest)
}
