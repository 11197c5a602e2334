// Purpose:  hold what a bill of materials declares against what was found in the image.
// Spec:     none; a document that the image contradicts was made of something else, or by somebody who left something out.
// Input:    the packages of both; names and versions may be hostile.
// Deviates: packages are the same by type, name and version; where they lie is told and not compared.
// Unknowns: versions that cannot be ordered are the same where their texts are.
import type { Package } from '../ecosystems/ecosystem.ts'
import { formatPurl } from '../ecosystems/purl.ts'
import { findEcosystem } from '../ecosystems/table.ts'

export interface PlacedPackage {
  readonly package: Package
  readonly path: string
}

export interface DifferingPackage {
  readonly purl: string
  readonly paths: readonly string[]
}

export interface PackageComparison {
  /** Packages that both have. */
  readonly same: number
  /** Declared, and nothing of that name was found. */
  readonly declaredOnly: readonly DifferingPackage[]
  /** Found, and nothing of that name is declared. */
  readonly foundOnly: readonly DifferingPackage[]
  /** Of names that both have: the versions that only one of them has. */
  readonly otherVersions: readonly {
    readonly declared: readonly DifferingPackage[]
    readonly found: readonly DifferingPackage[]
  }[]
}

/** Each list in order of its purls. */
export function comparePackages(
  declared: readonly PlacedPackage[],
  found: readonly PlacedPackage[],
): PackageComparison {
  const [ours, theirs] = [byName(found), byName(declared)]
  const declaredOnly: DifferingPackage[] = []
  const foundOnly: DifferingPackage[] = []
  const otherVersions: PackageComparison['otherVersions'][number][] = []
  let same = 0
  for (const name of [...new Set([...ours.keys(), ...theirs.keys()])].toSorted()) {
    const [mine, its] = [ours.get(name) ?? [], theirs.get(name) ?? []]
    const [onlyMine, onlyIts] = [without(mine, its), without(its, mine)]
    same += mine.length - onlyMine.length
    if (its.length === 0) foundOnly.push(...onlyMine.map(describe))
    else if (mine.length === 0) declaredOnly.push(...onlyIts.map(describe))
    else if (onlyMine.length + onlyIts.length > 0)
      otherVersions.push({ declared: onlyIts.map(describe), found: onlyMine.map(describe) })
  }
  return { same, declaredOnly, foundOnly, otherVersions }
}

interface Version {
  readonly package: Package
  readonly paths: readonly string[]
}

function byName(packages: readonly PlacedPackage[]): ReadonlyMap<string, readonly Version[]> {
  const groups = Map.groupBy(packages, ({ package: it }) => {
    const normalised = findEcosystem(it.type)?.normaliseName(it.name) ?? it.name
    return `${it.type}\n${normalised}`
  })
  return new Map(
    [...groups].map(([name, members]) => {
      const versions = Map.groupBy(members, ({ package: it }) => it.version)
      const listed = [...versions.values()].flatMap((places) => {
        const [first] = places
        const paths = [...new Set(places.map(({ path }) => path))].toSorted()
        return first === undefined ? [] : [{ package: first.package, paths }]
      })
      return [name, listed]
    }),
  )
}

/** Those of `versions` that `others` have not. */
function without(versions: readonly Version[], others: readonly Version[]): readonly Version[] {
  return versions.filter((version) => !others.some((other) => isSame(version, other)))
}

function isSame({ package: a }: Version, { package: b }: Version): boolean {
  if (a.version === b.version) return true
  const order = findEcosystem(a.type)?.compareVersions(a.version, b.version)
  return order?.kind === 'ordered' && order.order === 0
}

function describe({ package: it, paths }: Version): DifferingPackage {
  return { purl: formatPurl(it, undefined), paths }
}
