// Purpose:  which packages a later layer struck from a package database, or gave another version, while their files stayed.
// Spec:     none; a package manager that removes or replaces a package writes its files too.
// Input:    the squashed tree, the layers, and the history of the databases; hostile: whoever writes the last layer may have
//           written the database by hand.
// Deviates: what a removed package leaves in etc (dpkg keeps configuration) says nothing, unless it is a program.
// Unknowns: of a package without a file that can hold packages or programs nobody can tell; it is not looked for.
import type { Package } from '../../ecosystems/ecosystem.ts'
import { typeOfExtractor } from '../../ecosystems/table.ts'
import { packageKey, type DatabaseHistory, type GonePackages } from './database-history.ts'
import type { LayerContents } from './layer-contents.ts'
import { nodeAt, readingsOf, type FolderNode } from './layer-tree.ts'
import { plainPath, type Owners } from './ownership.ts'

export interface RewrittenDatabase extends GonePackages {
  /** Of those that are gone: struck, and files of theirs are there. */
  readonly struck: readonly Package[]
  /** Listed in another version now, and none of their files was written since. */
  readonly renumbered: readonly Package[]
}

interface FileList {
  readonly layer: number
  readonly paths: readonly string[]
}

/** What the layers list, by type and owner's name. */
type Claims = ReadonlyMap<string, readonly FileList[]>

/** `owners` are those of the image as it is. */
export function rewrittenDatabases(
  root: FolderNode,
  layers: readonly LayerContents[],
  { history, owners }: { readonly history: DatabaseHistory; readonly owners: Owners },
): readonly RewrittenDatabase[] {
  const gone = history.gone()
  if (gone.length === 0) return []
  const claims = claimsIn(layers)
  const listed = history.firstListed()
  const names = new Set([...listed.keys()].map(nameOfKey))
  const folders = new Map<string, string>()
  const plain = (path: string): string => plainPath(root, path, folders)
  const shared = sharedPaths(claims, { names, plain })
  return gone.flatMap((entry) => {
    const struck: Package[] = []
    const renumbered: Package[] = []
    for (const found of packagesOf(entry)) {
      const paths = pathsOf(found, claims, entry.layer).map(plain)
      const files = filesAt(root, paths, entry.layer)
      if (names.has(nameOfKey(packageKey(found)))) {
        if (files.old.length > 0 && files.fresh.length === 0) renumbered.push(found)
        continue
      }
      const old = files.old.filter((path) => (shared.get(path) ?? entry.layer) >= entry.layer)
      const fresh = files.fresh.filter((path) => !owners.has(path))
      if (old.length > 0 || (fresh.length > 0 && fresh.length * 2 >= paths.length))
        struck.push(found)
    }
    return struck.length + renumbered.length === 0 ? [] : [{ ...entry, struck, renumbered }]
  })
}

function packagesOf({ database, keys }: GonePackages): readonly Package[] {
  const all = readingsOf(database.node).flatMap(({ instances }) => instances)
  const byKey = new Map(all.map((instance) => [packageKey(instance.package), instance.package]))
  return [...byKey].flatMap(([key, found]) => (keys.has(key) ? [found] : []))
}

/** All lists of files of all layers, also of those that later layers removed. */
function claimsIn(layers: readonly LayerContents[]): Claims {
  const lists = new Map<string, FileList[]>()
  for (const [layer, { files }] of layers.entries()) {
    for (const { extractorId, owned = [] } of files.flatMap(({ extractions }) => extractions)) {
      const type = typeOfExtractor(extractorId) ?? ''
      for (const { owner, paths } of owned) {
        const known = lists.get(`${type}\n${owner}`) ?? []
        lists.set(`${type}\n${owner}`, known)
        known.push({ layer, paths })
      }
    }
  }
  return lists
}

function listsOf({ type, name, architecture }: Package, claims: Claims): readonly FileList[] {
  const named = [name, ...(architecture === undefined ? [] : [`${name}:${architecture}`])]
  return named.flatMap((owner) => claims.get(`${type}\n${owner}`) ?? [])
}

function pathsOf(found: Package, claims: Claims, before: number): readonly string[] {
  const lists = listsOf(found, claims).filter(({ layer }) => layer < before)
  return [...new Set(lists.flatMap(({ paths }) => paths))]
}

/** The first layer whose lists give the path to a package that is still there: what several packages have stays with the last. */
function sharedPaths(
  claims: Claims,
  {
    names,
    plain,
  }: { readonly names: ReadonlySet<string>; readonly plain: (path: string) => string },
): ReadonlyMap<string, number> {
  const present = new Set([...names].flatMap(ownersNamed))
  const shared = new Map<string, number>()
  for (const [owner, all] of claims) {
    if (!present.has(owner)) continue
    for (const { layer, paths } of all)
      for (const path of paths.map(plain))
        shared.set(path, Math.min(layer, shared.get(path) ?? layer))
  }
  return shared
}

/** Without the version: `type\0namespace\0name\0architecture`. */
function nameOfKey(key: string): string {
  const [type = '', namespace = '', name = '', , architecture = ''] = key.split('\0')
  return [type, namespace, name, architecture].join('\0')
}

function ownersNamed(name: string): readonly string[] {
  const [type = '', , owner = '', architecture = ''] = name.split('\0')
  return [`${type}\n${owner}`, `${type}\n${owner}:${architecture}`]
}

/** Of these paths, those with a file: older than the change of the database, or written with it or since. */
function filesAt(
  root: FolderNode,
  paths: readonly string[],
  layer: number,
): { readonly old: readonly string[]; readonly fresh: readonly string[] } {
  const old: string[] = []
  const fresh: string[] = []
  for (const path of paths) {
    const node = nodeAt(root, path)
    if (node?.kind !== 'file') continue
    if (path.startsWith('etc/') && node.content === undefined) continue
    if (node.layer < layer) old.push(path)
    else fresh.push(path)
  }
  return { old, fresh }
}
