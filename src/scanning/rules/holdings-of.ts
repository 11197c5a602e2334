// Purpose:  what decides an image's findings, apart from what people say of it.
// Spec:     none; images that hold the same share what is counted of it.
// Input:    the packages of one image at their places.
// Deviates: nothing.
// Unknowns: none.

/** A package at a place; see ScannedInstance. */
interface PlacedPackage {
  readonly packageId: number
  readonly ownerId?: number
  readonly passedOver?: string
}

/** A package, and who answers for it: nobody else, where one of its places has no owner. */
export interface Holding {
  readonly packageId: number
  /** Ids of packages of the system, in order. */
  readonly owners: readonly number[]
}

/** In order of packages; those that are passed over have no findings and are not held. */
export function holdingsOf(instances: readonly PlacedPackage[]): readonly Holding[] {
  const owners = new Map<number, Set<number | undefined>>()
  for (const { packageId, ownerId, passedOver } of instances) {
    if (passedOver !== undefined) continue
    const known = owners.get(packageId)
    if (known === undefined) owners.set(packageId, new Set([ownerId]))
    else known.add(ownerId)
  }
  return [...owners]
    .map(([packageId, ids]) => ({ packageId, owners: ids.has(undefined) ? [] : inOrder(ids) }))
    .toSorted((a, b) => a.packageId - b.packageId)
}

function inOrder(ids: ReadonlySet<number | undefined>): readonly number[] {
  return [...ids].flatMap((id) => id ?? []).toSorted((a, b) => a - b)
}
