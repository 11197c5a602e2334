// Purpose:  follow package databases through the layers: since when each lists a package, and which of them vanished.
// Spec:     none; the whole file is rewritten by each change (dpkg, apk, rpm), so only successive lists tell the layer.
// Input:    the tree after each layer, in order.
// Deviates: a package counts as the same while its name, version and architecture are.
// Unknowns: a database that was there and was not read counts as holding packages.
import type { Package } from '../../ecosystems/ecosystem.ts'
import { nodeAt, readingsOf, type FileNode, type FolderNode, type Place } from './layer-tree.ts'
import { databaseKindOf, type DatabaseKind } from './package-databases.ts'

export interface PresentDatabase {
  readonly kind: DatabaseKind
  readonly path: string
  readonly node: FileNode
  /** Layer index by package key: the first layer from which it was listed here without a gap. */
  readonly since: ReadonlyMap<string, number>
  readonly packages: number
  readonly isRead: boolean
}

/** A kind that had packages in a lower layer and has none in the image. */
export interface LostDatabase {
  readonly kind: DatabaseKind
  /** As they were when they last had packages. */
  readonly databases: readonly PresentDatabase[]
  /** Index of the layer that removed or emptied them. */
  readonly layer: number
}

/** Packages of a database that are listed in none of the databases that came after it. */
export interface GonePackages {
  /** As it was when it last listed them. */
  readonly database: PresentDatabase
  readonly keys: ReadonlySet<string>
  /** Index of the first layer after which they were not listed. */
  readonly layer: number
}

interface Watched {
  readonly databases: readonly PresentDatabase[]
  /** The first layer after which nothing was left; absent while something is. */
  readonly lostIn?: number
}

export class DatabaseHistory {
  readonly #paths = new Set<string>()
  readonly #byKind = new Map<DatabaseKind, Watched>()
  #present: ReadonlyMap<string, PresentDatabase> = new Map()
  /** By package key. */
  readonly #gone = new Map<string, Omit<GonePackages, 'keys'>>()

  /** To be called after each layer with what it wrote. */
  layerApplied(root: FolderNode, written: readonly Place[], layer: number): void {
    for (const { path, folder, name } of written) {
      const node = folder.children.get(name)
      if (node?.kind === 'file' && kindOf(path, node) !== undefined) this.#paths.add(path)
    }
    const present = new Map<string, PresentDatabase>()
    for (const path of this.#paths) {
      const database = presentAt(root, path, layer, this.#present.get(path))
      if (database !== undefined) present.set(path, database)
    }
    this.#compare(present, layer)
    this.#present = present
    this.#watch(layer)
  }

  present(): readonly PresentDatabase[] {
    return [...this.#present.values()]
  }

  sinceAt(path: string): ReadonlyMap<string, number> | undefined {
    return this.#present.get(path)?.since
  }

  /** By package key, the first layer from which a database that is there lists the package without a gap. */
  firstListed(): ReadonlyMap<string, number> {
    const first = new Map<string, number>()
    for (const { since } of this.#present.values())
      for (const [key, layer] of since) first.set(key, Math.min(layer, first.get(key) ?? layer))
    return first
  }

  /** Of kinds that still have packages; of others `lost` tells everything. */
  gone(): readonly GonePackages[] {
    const kinds = new Set(
      this.present()
        .filter(holdsPackages)
        .map(({ kind }) => kind),
    )
    const found = new Map<string, { database: PresentDatabase; keys: Set<string>; layer: number }>()
    for (const [key, { database, layer }] of this.#gone) {
      if (!kinds.has(database.kind)) continue
      const group = `${database.path}\0${database.node.layer}\0${layer}`
      const entry = found.get(group) ?? { database, keys: new Set(), layer }
      found.set(group, entry)
      entry.keys.add(key)
    }
    return [...found.values()]
  }

  lost(): readonly LostDatabase[] {
    const lost: LostDatabase[] = []
    for (const [kind, { databases, lostIn }] of this.#byKind)
      if (lostIn !== undefined) lost.push({ kind, databases, layer: lostIn })
    return lost
  }

  #compare(present: ReadonlyMap<string, PresentDatabase>, layer: number): void {
    const changed = [...this.#present].filter(([path, database]) => present.get(path) !== database)
    if (changed.length === 0 && present.size === this.#present.size) return
    const listed = new Set([...present.values()].flatMap(({ since }) => [...since.keys()]))
    for (const [, database] of changed)
      for (const key of database.since.keys())
        if (!listed.has(key)) this.#gone.set(key, { database, layer })
    for (const key of this.#gone.keys()) if (listed.has(key)) this.#gone.delete(key)
  }

  #watch(layer: number): void {
    const filled = Map.groupBy(this.present().filter(holdsPackages), ({ kind }) => kind)
    for (const [kind, watched] of this.#byKind)
      if (!filled.has(kind)) this.#byKind.set(kind, { lostIn: layer, ...watched })
    for (const [kind, databases] of filled) this.#byKind.set(kind, { databases })
  }
}

/** What makes two listings the same package. */
export function packageKey({ type, namespace, name, version, architecture }: Package): string {
  return [type, namespace ?? '', name, version, architecture ?? ''].join('\0')
}

/** Whether it tells of packages, or might if it had been read. */
export function holdsPackages({ packages, isRead }: PresentDatabase): boolean {
  return packages > 0 || !isRead
}

function kindOf(path: string, node: FileNode): DatabaseKind | undefined {
  const isKnown = node.content !== undefined || node.wantedBy.length > 0
  return isKnown ? (node.content?.database ?? databaseKindOf(path)) : undefined
}

function presentAt(
  root: FolderNode,
  path: string,
  layer: number,
  before: PresentDatabase | undefined,
): PresentDatabase | undefined {
  const node = nodeAt(root, path)
  if (node?.kind !== 'file') return undefined
  if (before?.node === node) return before
  const kind = kindOf(path, node)
  if (kind === undefined) return undefined
  const readings = readingsOf(node)
  const since = new Map<string, number>()
  for (const { instances } of readings) {
    for (const instance of instances) {
      const key = packageKey(instance.package)
      since.set(key, before?.since.get(key) ?? layer)
    }
  }
  const isRead = readings.length > 0 && readings.every(({ problems }) => problems.length === 0)
  return { kind, path, node, since, packages: since.size, isRead }
}
