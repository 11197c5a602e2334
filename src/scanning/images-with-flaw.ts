import type { SqlReader } from '../storage/database/database.ts'
import { listPackagesWithFlaw, type Window } from './flaw-store.ts'
import { findSetsHolding, listImagesOfSets } from './list-images-holding.ts'
import type { ScanKey } from './scan-store.ts'

const imagesAtOnce = 50

/**
 * Images that hold any package with a flaw, in order of repository and digest, each once. `isOfRepository` is asked before the
 * images of a repository are gone through.
 */
export async function* imagesWithFlaw(
  reader: SqlReader,
  flaw: string,
  {
    window,
    after,
    isOfRepository,
    onPackages,
  }: {
    readonly window: Window
    readonly after: { readonly repositoryId: number; readonly digest: string }
    readonly isOfRepository: (repositoryId: number) => Promise<boolean>
    /** Told how many packages have the flaw: each is looked up. */
    readonly onPackages: (packages: number) => void
  },
): AsyncGenerator<ScanKey, void> {
  const packages = await listPackagesWithFlaw(reader, flaw, window)
  onPackages(packages.length)
  const sets = await findSetsHolding(reader, packages)
  let place = after
  for (;;) {
    const keys = await listImagesOfSets(reader, sets, { after: place, limit: imagesAtOnce })
    const [first] = keys
    if (first === undefined) return
    if (!(await isOfRepository(first.repositoryId))) {
      // Behind all digests of the repository.
      place = { repositoryId: first.repositoryId, digest: '~' }
      continue
    }
    const ofRepository = keys.filter(({ repositoryId }) => repositoryId === first.repositoryId)
    yield* ofRepository
    place = ofRepository.at(-1) ?? first
  }
}
