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
import type {
  FileExtraction,
  InventoriedFile,
  LayerContents,
  LayerProblem,
} from './layer-contents.ts'
import { applyLayer, filesOf, newTree, readingsOf, type FolderNode } from './layer-tree.ts'
import { ownersOf, type Owners } from './ownership.ts'
import type { DatabaseKind } from './package-databases.ts'
import { passedOver, type PassedOver } from './passed-over.ts'

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
  layers.forEach(({ inventory }, index) => {
    history.layerApplied(root, applyLayer(root, inventory, index), index)
  })
  const distribution = distributionOf(root)
  const lost = history.lost()
  const owners = ownersOf(root, readingsIn(root))
  return {
    instances: instancesOf(root, history, digests, owners),
    ...(distribution !== undefined && { distribution }),
    databases: history.present().map((database) => databaseOf(database, digests)),
    lostInstances: lost.flatMap(({ databases }) =>
      sorted(databases.flatMap((database) => instancesAt(database, digests))),
    ),
    problems: problemsOf(root, layers, owners),
    notes: coverageNotesOf({ root, present: history.present(), lost, distribution }, digests),
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

function readingsIn(root: FolderNode): readonly FileExtraction[] {
  const readings: FileExtraction[] = []
  for (const { node } of filesOf(root)) if (node.kind === 'file') readings.push(...readingsOf(node))
  return readings
}

function instancesOf(
  root: FolderNode,
  history: DatabaseHistory,
  digests: readonly Digest[],
  owners: Owners,
): readonly SquashedInstance[] {
  const instances: SquashedInstance[] = []
  for (const { path, node } of filesOf(root)) {
    if (node.kind !== 'file') continue
    const since = history.sinceAt(path)
    for (const instance of instancesAt({ path, node, since }, digests)) instances.push(instance)
  }
  return withReasons(sorted(instances.map(owned(owners))))
}

function owned(owners: Owners): (instance: SquashedInstance) => SquashedInstance {
  return (instance) => {
    const owner = owners.get(outerPath(instance.path))
    return owner === undefined || owner === instance.package ? instance : { ...instance, owner }
  }
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
  owners: Owners,
): readonly SquashedProblem[] {
  const digests = layers.map(({ digest }) => digest)
  const ofLayers = layers.flatMap(({ digest, inventory }) =>
    inventory.problems.map((problem) => ({ ...problem, layerDigest: digest })),
  )
  const ofFiles: SquashedProblem[] = []
  for (const { path, node } of filesOf(root)) {
    if (node.kind !== 'file') continue
    const layerDigest = digestAt(digests, node.layer)
    const isOwned = owners.has(displayPath(path))
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
