import { formatPurl } from '../ecosystems/purl.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { ScannedInstance } from './image-scan.ts'
import { findPackage } from './package-store.ts'

/** A package of an image, with where it lies. */
export interface HeldPackage {
  readonly purl: string
  readonly name: string
  readonly version: string
  readonly places: readonly { readonly path: string; readonly layerDigest: string }[]
}

/** The packages of these instances, in order of purls. */
export async function listHeldPackages(
  reader: SqlReader,
  instances: readonly ScannedInstance[],
): Promise<readonly HeldPackage[]> {
  const held: HeldPackage[] = []
  for (const [id, at] of Map.groupBy(instances, ({ packageId }) => packageId)) {
    const found = await findPackage(reader, id)
    if (found === undefined) continue
    const { name, version } = found.package
    const purl = formatPurl(found.package, found.distribution)
    const places = at.map(({ path, layerDigest }) => ({ path, layerDigest }))
    held.push({ purl, name, version, places })
  }
  return held.toSorted((a, b) => (a.purl < b.purl ? -1 : 1))
}
