// Purpose:  which package of the operating system brought the file that tells of another package.
// Spec:     none; dpkg's .list files, apk's F and R lines, rpm's BASENAMES say which files a package has.
// Input:    the squashed tree, and what the databases that are still in it say of their files; may be hostile.
// Deviates: nothing.
// Unknowns: a file that no database names has no owner, and its package stands for itself.
import type { Package } from '../../ecosystems/ecosystem.ts'
import { typeOfExtractor } from '../../ecosystems/table.ts'
import type { FileExtraction } from './layer-contents.ts'
import { followNode, type FolderNode } from './layer-tree.ts'

/** Who owns a file, by its path without links on the way. */
export type Owners = ReadonlyMap<string, Package>

/** `readings` are those of all files in the tree that count. */
export function ownersOf(root: FolderNode, readings: readonly FileExtraction[]): Owners {
  const byName = packagesByName(readings)
  const folders = new Map<string, string>()
  const owners = new Map<string, Package>()
  for (const { extractorId, owned = [] } of readings) {
    const type = typeOfExtractor(extractorId)
    for (const { owner, paths } of owned) {
      const found = type === undefined ? undefined : byName.get(`${type}\n${owner}`)
      if (found === undefined) continue
      for (const path of paths) owners.set(plainPath(root, path, folders), found)
    }
  }
  return owners
}

/** By type and name, and by `name:architecture`, which is how dpkg tells packages of several architectures apart. */
function packagesByName(readings: readonly FileExtraction[]): ReadonlyMap<string, Package> {
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
function plainPath(root: FolderNode, path: string, folders: Map<string, string>): string {
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
