import type { Distribution, Package } from '../ecosystems/ecosystem.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import { insertPackage, writePackageLookup } from './package-store.ts'
import { findPackageUse, unmark } from './unused-package-store.ts'
import { identifyPackage } from './rules/package-identity.ts'

/** The id of a package, made with its lookups at the first sight of it. One that nobody named for a while is in use again. */
export async function internPackage(
  tx: SqlWriter,
  found: Package,
  distribution: Distribution | undefined,
): Promise<number> {
  const identity = identifyPackage(found, distribution)
  const known = await findPackageUse(tx, identity.tupleHash)
  if (known !== undefined) {
    if (known.isMarked) await unmark(tx, 'packages', [known.id])
    return known.id
  }
  const { lookup } = identity
  const id = await insertPackage(tx, {
    tupleHash: identity.tupleHash,
    package: found,
    distribution: identity.distribution,
    unknownReason: lookup.kind === 'unknown' ? lookup.reason : undefined,
  })
  if (lookup.kind === 'keys') for (const key of lookup.keys) await writePackageLookup(tx, id, key)
  return id
}
