// Purpose:  which package of the operating system brought the file that tells of another package.
// Spec:     none; dpkg's .list files, apk's F and R lines, rpm's BASENAMES say which files a package has.
// Input:    the squashed tree, and what the databases that are still in it say of their files; may be hostile.
// Deviates: nothing.
// Unknowns: a file that no database names has no owner, and its package stands for itself; so does one that a later layer
//           wrote than the one that installed the owner: whoever writes it can write a list of files beside it.
import type { Distribution, Package } from '../../ecosystems/ecosystem.ts'
import { findEcosystem, typeOfExtractor } from '../../ecosystems/table.ts'
import type { FileExtraction } from './layer-contents.ts'
import { followNode, type FolderNode } from './layer-tree.ts'

export interface Owner {
  readonly package: Package
  /** Index of the first layer from which the database lists the package in this version without a gap. */
  readonly layer: number
}

/** Who owns a file, by its path without links on the way. */
export type Owners = ReadonlyMap<string, Owner>

/** One reading of a file, and the index of the layer that wrote the file. */
export type LayerReading = Pick<FileExtraction, 'extractorId' | 'instances' | 'owned'> & {
  readonly layer: number
}

/**
 * `readings` are those of all files in the tree that count. `since` tells from which layer on a package is installed; where
 * nobody followed it, the layer that wrote the list of its files counts.
 */
export function ownersOf(
  root: FolderNode,
  readings: readonly LayerReading[],
  since: (found: Package) => number | undefined,
): Owners {
  const byName = packagesByName(readings)
  const folders = new Map<string, string>()
  const owners = new Map<string, Owner>()
  for (const { extractorId, owned: lists = [], layer } of readings) {
    const type = typeOfExtractor(extractorId)
    for (const { owner, paths } of lists) {
      const found = type === undefined ? undefined : byName.get(`${type}\n${owner}`)
      if (found === undefined) continue
      const owned = { package: found, layer: Math.min(layer, since(found) ?? layer) }
      for (const path of paths) owners.set(plainPath(root, path, folders), owned)
    }
  }
  return owners
}

/**
 * Whether the file of a library is the owner's: of the layer that installed it or a lower one, or of the owner's own version
 * (file systems that are cut into layers anew put files anywhere). Else somebody replaced it, and the distribution does not
 * speak of what is there.
 */
export function isOwnLibrary(
  owner: Owner,
  library: { readonly layer: number; readonly version: string },
): boolean {
  if (library.layer <= owner.layer) return true
  const { version, source } = owner.package
  return [version, source?.version ?? version].some(
    (packaged) => upstreamOf(packaged) === upstreamOf(library.version),
  )
}

/** `1:2.28.1+dfsg-1` is of 2.28.1, `v2.28.1` too. */
function upstreamOf(version: string): string {
  return version.replace(/^(?:[0-9]+:|v)/, '').replace(/[-+~].*$/s, '')
}

/**
 * Whether the owner answers for whatever version the file tells: somebody has to speak of the owner, and the file has to
 * be the one that it brought. One that a later layer wrote than the one that installed the owner is another.
 */
export function answersFor(
  owner: Owner,
  file: { readonly layer: number },
  distribution: Distribution | undefined,
): boolean {
  if (file.layer > owner.layer) return false
  return findEcosystem(owner.package.type)?.lookup(owner.package, distribution).kind === 'keys'
}

/** By type and name, and by `name:architecture`, which is how dpkg tells packages of several architectures apart. */
function packagesByName(readings: readonly LayerReading[]): ReadonlyMap<string, Package> {
  const byName = new Map<string, Package>()
  for (const { instances } of readings) {
    for (const { package: found } of instances) {
      byName.set(`${found.type}\n${found.name}`, found)
      if (found.architecture !== undefined)
        byName.set(`${found.type}\n${found.name}:${found.architecture}`, found)
    }
  }
  return byName
}

/** `lib/x` is `usr/lib/x` where `lib` is a link to `usr/lib`; the name itself is kept, link or not. */
export function plainPath(root: FolderNode, path: string, folders: Map<string, string>): string {
  const slash = path.lastIndexOf('/')
  if (slash < 0) return path
  const folder = path.slice(0, slash)
  let plain = folders.get(folder)
  if (plain === undefined) {
    plain = followNode(root, folder)?.path ?? folder
    folders.set(folder, plain)
  }
  return `${plain}${path.slice(slash)}`
}
