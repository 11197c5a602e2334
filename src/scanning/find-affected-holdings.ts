import { vulnerabilitiesOf } from '../ecosystems/vulnerability-group.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { findAdvisoryIds } from './advisory-store.ts'
import { listHoldingsOf } from './holding-store.ts'
import { addSetsOf } from './list-images-holding.ts'
import { listMatches } from './list-matches.ts'
import { listPackagesWith } from './match-store.ts'
import { OwnerReader } from './owner-reader.ts'
import { findPackage } from './package-store.ts'

/** Whatever their number: a name may have thousands of versions, of any account's images. */
const packagesAtOnce = 20

/** Where a flaw or a package is: packages, and the sets of images that hold them. */
export interface Holders {
  readonly packageIds: ReadonlySet<number>
  readonly setIds: ReadonlySet<number>
}

/** Names under which records of this id tell of flaws: the CVEs of a GHSA or a DSA; the id itself where nobody knows another. */
export async function namesOfFlaw(
  reader: SqlReader,
  flaw: string,
  revision: number,
): Promise<readonly string[]> {
  const records = await findAdvisoryIds(reader, flaw, revision)
  const names = records.flatMap((ids) => vulnerabilitiesOf({ id: flaw, ...ids }))
  return [...new Set([flaw, ...names.map(({ id }) => id)])]
}

/**
 * The packages that have one of the flaws as of the revision, and the sets in which it is told: not those in which the package of
 * the system that brought all its places answers for it.
 */
export async function findHoldersOfFlaw(
  reader: SqlReader,
  names: readonly string[],
  revision: number,
): Promise<Holders> {
  const packageIds = new Set<number>()
  const setIds = new Set<number>()
  const owners = new OwnerReader(reader, revision)
  for (const [done, id] of (await listPackagesWith(reader, names)).entries()) {
    if (done % packagesAtOnce === 0) await yieldToEventLoop()
    const found = await findPackage(reader, id)
    const flaws = await listMatches(reader, [id], revision)
    const flaw = flaws.find(({ vulnerability, aliases }) =>
      names.some((name) => name === vulnerability || aliases.includes(name)),
    )
    if (found === undefined || flaw === undefined) continue
    packageIds.add(id)
    for (const holding of await listHoldingsOf(reader, [id])) {
      const ownerIds = new Set(holding.owners.length === 0 ? [undefined] : holding.owners)
      if ((await owners.suppress(found.package, flaw, ownerIds)) !== undefined) continue
      await addSetsOf(reader, [holding.id], setIds)
    }
  }
  return { packageIds, setIds }
}
