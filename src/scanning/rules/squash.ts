// Purpose:  the layers of an image → the packages that are in it, where, and since which layer.
// Spec:     OCI image-spec, layer.md "Applying Changesets"; release-files.ts for what names the system.
// Input:    inventories of layers, lowest first; what they say comes from hostile layers.
// Deviates: nothing here; layer-tree.ts has what it does about impossible layers.
// Unknowns: a database that vanished, lies behind a link or was not read, and an unknown system, are notes: with one of
//           these, no packages is never the same as no findings.
import type { Distribution, Package, PackageEvidence } from '../../ecosystems/ecosystem.ts'
import { displayPath } from '../../lib/archive/entry-path.ts'
import type { Digest } from '../../oci/digest.ts'
import { coverageNotesOf, type CoverageNote } from './coverage-notes.ts'
import { DatabaseHistory, packageKey, type PresentDatabase } from './database-history.ts'
import { distributionOf } from './distribution-of.ts'
import type { InventoriedFile, LayerContents, LayerProblem } from './layer-contents.ts'
import { applyLayer, filesOf, newTree, readingsOf, type FolderNode } from './layer-tree.ts'
import { answersFor, isOwnLibrary, ownersOf, type LayerReading, type Owners } from './ownership.ts'
import type { DatabaseKind } from './package-databases.ts'
import { passedOver, type PassedOver } from './passed-over.ts'
import { rewrittenDatabases, type RewrittenDatabase } from './rewritten-databases.ts'
import { rewrittenNotes } from './rewritten-notes.ts'

export interface SquashedLayer {
  readonly digest: Digest
  /** A partial inventory is squashed too; its problems say what it is. */
  readonly inventory: LayerContents
}

export interface SquashedInstance {
  readonly package: Package
  /** Readable, links on the way resolved. */
  readonly path: string
  readonly evidence: PackageEvidence
  readonly extractorId: string
  /** The layer that brought it. */
  readonly layerDigest: Digest
  readonly licenses?: readonly string[]
  readonly dependsOn?: readonly string[]
  readonly isDevelopment?: boolean
  /** The package of the operating system that brought the file. */
  readonly owner?: Package
  /** Listed, and not held against advisories. */
  readonly passedOver?: PassedOver
}

export interface SquashedDatabase {
  readonly kind: DatabaseKind
  readonly path: string
  /** The layer that wrote it last. */
  readonly layerDigest: Digest
  readonly packages: number
}

export interface SquashedProblem extends LayerProblem {
  readonly layerDigest: Digest
}

export interface SquashedImage {
  readonly instances: readonly SquashedInstance[]
  readonly distribution?: Distribution
  readonly databases: readonly SquashedDatabase[]
  /** Packages that a removed database listed when it was last there; their files may be there still. */
  readonly lostInstances: readonly SquashedInstance[]
  /** What could not be read, of files that are in the image and of layers as a whole. */
  readonly problems: readonly SquashedProblem[]
  readonly notes: readonly CoverageNote[]
}

/** Pure; the same layers give the same answer, in the same order. */
export function squash(layers: readonly SquashedLayer[]): SquashedImage {
  const digests = layers.map(({ digest }) => digest)
  const root = newTree()
  const history = new DatabaseHistory()
  const systems = layers.map(({ inventory }, index) => {
    history.layerApplied(root, applyLayer(root, inventory, index), index)
    return distributionOf(root)
  })
  const distribution = distributionOf(root)
  const lost = history.lost()
  const listed = history.firstListed()
  const since = (found: Package): number | undefined => listed.get(packageKey(found))
  const system = { owners: ownersOf(root, readingsIn(root), since), distribution }
  const rewritten = rewrittenDatabases(
    root,
    layers.map(({ inventory }) => inventory),
    { history, owners: system.owners },
  )
  const hidden = rewritten.flatMap((database) => hiddenInstances(database, digests))
  return {
    instances: withReasons(sorted([...instancesOf(root, history, digests, system), ...hidden])),
    ...(distribution !== undefined && { distribution }),
    databases: history.present().map((database) => databaseOf(database, digests)),
    lostInstances: lost.flatMap(({ databases }) =>
      sorted(databases.flatMap((database) => instancesAt(database, digests))),
    ),
    problems: problemsOf(root, layers, system),
    notes: [
      ...coverageNotesOf(
        { root, present: history.present(), lost, distribution, systems },
        digests,
      ),
      ...rewritten.flatMap((database) => rewrittenNotes(database, digests)),
    ],
  }
}

function databaseOf(
  { kind, path, node, packages }: PresentDatabase,
  digests: readonly Digest[],
): SquashedDatabase {
  return { kind, path: displayPath(path), layerDigest: digestAt(digests, node.layer), packages }
}

function digestAt(digests: readonly Digest[], layer: number): Digest {
  const digest = digests[layer]
  if (digest === undefined) throw new Error(`no layer ${layer}`)
  return digest
}

function readingsIn(root: FolderNode): readonly LayerReading[] {
  const readings: LayerReading[] = []
  for (const { node } of filesOf(root)) {
    if (node.kind !== 'file') continue
    const { layer } = node
    for (const reading of readingsOf(node)) readings.push({ ...reading, layer })
  }
  return readings
}

/** Who owns which files, and of which distribution the owners are. */
interface System {
  readonly owners: Owners
  readonly distribution: Distribution | undefined
}

function instancesOf(
  root: FolderNode,
  history: DatabaseHistory,
  digests: readonly Digest[],
  system: System,
): readonly SquashedInstance[] {
  const instances: SquashedInstance[] = []
  for (const { path, node } of filesOf(root)) {
    if (node.kind !== 'file') continue
    const since = history.sinceAt(path)
    for (const instance of instancesAt({ path, node, since }, digests))
      instances.push(owned(instance, node, system))
  }
  return instances
}

/** As they were listed before somebody rewrote the database. */
function hiddenInstances(
  { database, struck, renumbered }: RewrittenDatabase,
  digests: readonly Digest[],
): readonly SquashedInstance[] {
  const hidden = new Set([...struck, ...renumbered].map(packageKey))
  return instancesAt(database, digests).filter(({ package: it }) => hidden.has(packageKey(it)))
}

/**
 * A library is judged flaw by flaw with what is said of its owner. What an executable tells of itself is not told at all
 * where it has an owner, so that only one that answers for it counts.
 */
function owned(
  instance: SquashedInstance,
  file: { readonly layer: number },
  { owners, distribution }: System,
): SquashedInstance {
  const owner = owners.get(outerPath(instance.path))
  if (owner === undefined || owner.package === instance.package) return instance
  const library = { layer: file.layer, version: instance.package.version }
  const counts =
    instance.evidence === 'recognised'
      ? answersFor(owner, file, distribution)
      : isOwnLibrary(owner, library)
  return counts ? { ...instance, owner: owner.package } : instance
}

/** The file itself, of a package nested in it. */
function outerPath(path: string): string {
  const end = path.indexOf('!/')
  return end < 0 ? path : path.slice(0, end)
}

function withReasons(instances: readonly SquashedInstance[]): readonly SquashedInstance[] {
  const reasons = passedOver(instances)
  return instances.map((instance, index) => {
    const reason = reasons[index]
    return reason === undefined ? instance : { ...instance, passedOver: reason }
  })
}

function instancesAt(
  {
    path,
    node,
    since,
  }: Pick<PresentDatabase, 'path' | 'node'> & {
    readonly since: ReadonlyMap<string, number> | undefined
  },
  digests: readonly Digest[],
): readonly SquashedInstance[] {
  if (node.content === undefined) return []
  const { content } = node
  return readingsOf(node).flatMap(({ extractorId, instances }) =>
    instances.map((instance) => ({
      ...instance,
      path: pathInImage(instance.path, content, path),
      extractorId,
      layerDigest: digestAt(digests, since?.get(packageKey(instance.package)) ?? node.layer),
    })),
  )
}

/** Nested paths (`app.jar!/lib/x.jar`) keep what follows the file's own. */
function pathInImage(path: string, content: InventoriedFile, place: string): string {
  const own = displayPath(content.path)
  return path.startsWith(own) ? displayPath(place) + path.slice(own.length) : path
}

function problemsOf(
  root: FolderNode,
  layers: readonly SquashedLayer[],
  { owners, distribution }: System,
): readonly SquashedProblem[] {
  const digests = layers.map(({ digest }) => digest)
  const ofLayers = layers.flatMap(({ digest, inventory }) =>
    inventory.problems.map((problem) => ({ ...problem, layerDigest: digest })),
  )
  const ofFiles: SquashedProblem[] = []
  for (const { path, node } of filesOf(root)) {
    if (node.kind !== 'file') continue
    const layerDigest = digestAt(digests, node.layer)
    const owner = owners.get(displayPath(path))
    const isOwned = owner !== undefined && answersFor(owner, node, distribution)
    for (const { problems, isByContent } of readingsOf(node)) {
      // The package that brought an executable is judged, whatever the executable does not tell of itself.
      if (isByContent === true && isOwned) continue
      ofFiles.push(...problems.map((problem) => ({ ...problem, layerDigest })))
    }
  }
  return [...ofLayers, ...ofFiles.toSorted((a, b) => compareText(a.path, b.path))]
}

function sorted(instances: readonly SquashedInstance[]): readonly SquashedInstance[] {
  return instances.toSorted(
    (a, b) =>
      compareText(a.path, b.path) ||
      compareText(a.package.name, b.package.name) ||
      compareText(a.package.version, b.package.version),
  )
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
