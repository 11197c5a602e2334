// Purpose:  say what the inventory of an image cannot speak about.
// Spec:     none; an image without findings and with a note is never shown as clean.
// Input:    the squashed tree and the history of its package databases.
// Deviates: nothing here.
// Unknowns: are what this file is about.
import type { Distribution } from '../../ecosystems/ecosystem.ts'
import { alpineBranchOf, apkRepositoriesPath } from '../../ecosystems/release-files.ts'
import { displayPath } from '../../lib/archive/entry-path.ts'
import type { Digest } from '../../oci/digest.ts'
import { holdsPackages, type LostDatabase, type PresentDatabase } from './database-history.ts'
import { saidAt } from './distribution-of.ts'
import { filesOf, followNode, type FileNode, type FolderNode, type LinkNode } from './layer-tree.ts'
import {
  databaseKindOf,
  databaseKindOfDistribution,
  databasePaths,
  type DatabaseKind,
} from './package-databases.ts'

export type CoverageNoteCode =
  /** No os-release file, or one that names no system. */
  | 'OS_UNKNOWN'
  /** The packages come from another branch of the distribution than the one that it says it is. */
  | 'OS_BRANCH_DIFFERS'
  /** A lower layer says that it is another system; whoever builds an image chooses by this who speaks of its packages. */
  | 'OS_CHANGED'
  /** Somebody's document lists the packages; nobody looked at the bytes. */
  | 'DECLARED_ONLY'
  /** No package database lists a package; a static binary on an empty image, for example. */
  | 'NO_PACKAGE_DB'
  /** A lower layer's database is gone or emptied; what it listed may still be there. */
  | 'PACKAGE_DB_REMOVED'
  /** A later layer struck packages from a database, or gave them another version, and their files are as they were. */
  | 'PACKAGE_DB_REWRITTEN'
  /** A database is there and nothing reads its kind, or its reading failed. */
  | 'PACKAGE_DB_UNREAD'
  /** A link leads the database's path to a file that was not read. */
  | 'PACKAGE_DB_ELSEWHERE'
  /** A database of a kind that the system named by os-release does not keep. */
  | 'FOREIGN_PACKAGE_DB'
  /** A wanted path is a link to a file that was not read. */
  | 'LINK_UNRESOLVED'

export interface CoverageNote {
  readonly code: CoverageNoteCode
  readonly message: string
  readonly path?: string
  readonly layerDigest?: Digest
  readonly database?: DatabaseKind
}

export interface SquashedState {
  readonly root: FolderNode
  readonly present: readonly PresentDatabase[]
  readonly lost: readonly LostDatabase[]
  readonly distribution: Distribution | undefined
  /** What it was after each layer, lowest first. */
  readonly systems: readonly (Distribution | undefined)[]
}

export function coverageNotesOf(
  state: SquashedState,
  digests: readonly Digest[],
): readonly CoverageNote[] {
  const { root, present, lost, distribution } = state
  return [
    ...systemNotes(distribution),
    ...changeNotes(state, digests),
    ...branchNotes(root, distribution),
    ...absenceNotes(present),
    ...lost.map((database) => removedNote(database, digests)),
    ...unreadNotes(present, digests),
    ...foreignNotes(present, distribution, digests),
    ...elsewhereNotes(root, present),
    ...linkNotes(root, digests),
    ...folderLinkNotes(root, digests),
  ]
}

function systemNotes(distribution: Distribution | undefined): readonly CoverageNote[] {
  if (distribution !== undefined) return []
  return [
    {
      code: 'OS_UNKNOWN',
      message: 'no readable os-release or other release file names the system',
    },
  ]
}

/**
 * Another name is always told. Another release is where no package database was written with it or since: an upgrade
 * writes both, and a release that is only claimed lets every flaw look mended, or none be known.
 */
function changeNotes(
  { present, distribution, systems }: SquashedState,
  digests: readonly Digest[],
): readonly CoverageNote[] {
  if (distribution === undefined) return []
  const before = systems.findLastIndex(
    (system) => system !== undefined && !isSameRelease(system, distribution),
  )
  const system = systems[before]
  if (system === undefined) return []
  const isUpgrade = present.some(({ node }) => node.layer > before)
  if (system.id === distribution.id && isUpgrade) return []
  return [
    {
      code: 'OS_CHANGED',
      message: `a lower layer says that the system is ${nameOf(system)}, a later one that it is ${nameOf(distribution)}; the packages are held against the advisories of the latter`,
      ...layerOf(digests, before + 1),
    },
  ]
}

/** `12` of os-release is `12.5` of debian_version. */
function isSameRelease(a: Distribution, b: Distribution): boolean {
  const [from, to] = [`${a.versionId ?? ''}.`, `${b.versionId ?? ''}.`]
  return a.id === b.id && (from.startsWith(to) || to.startsWith(from))
}

function nameOf({ id, versionId = '' }: Distribution): string {
  return `${id} ${versionId}`.trim()
}

/** Alpine's branches differ in every package; apk installs from the repositories, whatever os-release says. */
function branchNotes(
  root: FolderNode,
  distribution: Distribution | undefined,
): readonly CoverageNote[] {
  const repositories = saidAt(root, apkRepositoriesPath)?.versionId
  const version = distribution?.versionId ?? ''
  if (distribution?.id !== 'alpine' || repositories === undefined) return []
  const branch = alpineBranchOf(version)
  if (branch === undefined || branch === repositories) return []
  return [
    {
      code: 'OS_BRANCH_DIFFERS',
      message: `the system says that it is alpine ${version}, its packages come from the repositories of ${repositories}; they are held against the advisories of ${branch}`,
      path: apkRepositoriesPath,
    },
  ]
}

function absenceNotes(present: readonly PresentDatabase[]): readonly CoverageNote[] {
  if (present.some(holdsPackages)) return []
  return [{ code: 'NO_PACKAGE_DB', message: 'no package database lists a package' }]
}

function removedNote(
  { kind, databases, layer }: LostDatabase,
  digests: readonly Digest[],
): CoverageNote {
  const packages = databases.reduce((sum, database) => sum + database.packages, 0)
  const [first] = databases
  return {
    code: 'PACKAGE_DB_REMOVED',
    message: `the ${kind} database of a lower layer, with ${packages} packages, is removed or empty; its packages may still be in the image`,
    ...(first !== undefined && { path: displayPath(first.path) }),
    ...layerOf(digests, layer),
    database: kind,
  }
}

function layerOf(digests: readonly Digest[], layer: number): { readonly layerDigest?: Digest } {
  const digest = digests[layer]
  return digest === undefined ? {} : { layerDigest: digest }
}

/** One of each kind: some databases are thousands of files. */
function firstOfEachKind(databases: readonly PresentDatabase[]): readonly PresentDatabase[] {
  return [...Map.groupBy(databases, ({ kind }) => kind).values()].flatMap((group) =>
    group.slice(0, 1),
  )
}

function unreadNotes(
  present: readonly PresentDatabase[],
  digests: readonly Digest[],
): readonly CoverageNote[] {
  return firstOfEachKind(present.filter(({ isRead }) => !isRead)).map(({ kind, path, node }) => ({
    code: 'PACKAGE_DB_UNREAD',
    message: `the ${kind} database is not read, or not completely`,
    path: displayPath(path),
    ...layerOf(digests, node.layer),
    database: kind,
  }))
}

function foreignNotes(
  present: readonly PresentDatabase[],
  distribution: Distribution | undefined,
  digests: readonly Digest[],
): readonly CoverageNote[] {
  const own = distribution === undefined ? undefined : databaseKindOfDistribution(distribution)
  if (distribution === undefined || own === undefined) return []
  const foreign = present.filter((database) => database.kind !== own && holdsPackages(database))
  return firstOfEachKind(foreign).map(({ kind, path, node }) => ({
    code: 'FOREIGN_PACKAGE_DB',
    message: `os-release names ${distribution.id}, which keeps no ${kind} database; the system of these packages is unknown`,
    path: displayPath(path),
    ...layerOf(digests, node.layer),
    database: kind,
  }))
}

/** `var/lib/dpkg` as a link to a folder where no extractor looks would hide every package. */
function elsewhereNotes(
  root: FolderNode,
  present: readonly PresentDatabase[],
): readonly CoverageNote[] {
  const notes = new Map<DatabaseKind, CoverageNote>()
  for (const path of databasePaths) {
    const kind = databaseKindOf(path)
    const led = followNode(root, path)
    if (kind === undefined || led === undefined) continue
    const isWatched = databaseKindOf(led.path) !== undefined
    if (isWatched || notes.has(kind) || present.some((database) => database.path === led.path))
      continue
    notes.set(kind, {
      code: 'PACKAGE_DB_ELSEWHERE',
      message: `links lead ${path} to ${displayPath(led.path)}, which is not read`,
      path,
      database: kind,
    })
  }
  return [...notes.values()]
}

function linkNotes(root: FolderNode, digests: readonly Digest[]): readonly CoverageNote[] {
  const notes: CoverageNote[] = []
  for (const { path, node } of filesOf(root)) {
    if (node.wantedBy.length === 0 || isResolved(root, path, node)) continue
    notes.push({
      code: 'LINK_UNRESOLVED',
      message: 'this path is a link to a file that was not read',
      path: displayPath(path),
      ...layerOf(digests, node.layer),
    })
  }
  return notes.toSorted((a, b) => ((a.path ?? '') < (b.path ?? '') ? -1 : 1))
}

function isResolved(root: FolderNode, path: string, node: FileNode | LinkNode): boolean {
  const target = node.kind === 'file' ? node : followNode(root, path)?.node
  // A folder has no packages of its own; those below it are found by their own paths.
  if (target?.kind === 'folder') return true
  if (target?.kind !== 'file') return false
  const read = new Set(target.content?.extractions.map(({ extractorId }) => extractorId))
  return node.wantedBy.every((id) => read.has(id))
}

/** The packages of Node.js are known by the name of the folder that they lie in; where that is a link, its target has another. */
function folderLinkNotes(root: FolderNode, digests: readonly Digest[]): readonly CoverageNote[] {
  const notes: CoverageNote[] = []
  for (const { path, node } of filesOf(root)) {
    if (node.kind !== 'symlink' || !/(?:^|\/)node_modules$/.test(path)) continue
    const led = followNode(root, path)?.path ?? ''
    if (led.split('/').includes('node_modules')) continue
    notes.push({
      code: 'LINK_UNRESOLVED',
      message: `links lead ${displayPath(path)} to /${displayPath(led)}, where no packages are looked for`,
      path: displayPath(path),
      ...layerOf(digests, node.layer),
    })
  }
  return notes.toSorted((a, b) => ((a.path ?? '') < (b.path ?? '') ? -1 : 1))
}
