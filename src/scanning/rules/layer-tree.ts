// Purpose:  the file tree of an image as far as it carries, hides or moves packages, built layer upon layer.
// Spec:     OCI image-spec, layer.md "Applying Changesets"; path_resolution(7) for links.
// Input:    the recorded entries of layers; names and targets may be hostile.
// Deviates: an entry below a file or below a loop of links replaces these by a folder, where some runtimes refuse the layer:
//           what a layer writes never falls out of sight.
// Unknowns: a hardlink without its target → a file whose content is unknown.
import { unreachable } from '../../lib/errors.ts'
import type { FileExtraction, InventoriedFile, Removal, TreeEntry } from './layer-contents.ts'

export interface FolderNode {
  readonly kind: 'folder'
  readonly children: Map<string, TreeNode>
}

export interface FileNode {
  readonly kind: 'file'
  readonly content?: InventoriedFile
  /** Ids of those extractors whose reading counts at this place. */
  readonly wantedBy: readonly string[]
  /** Index of the layer that wrote it. */
  readonly layer: number
}

export interface LinkNode {
  readonly kind: 'symlink'
  readonly target: string
  readonly wantedBy: readonly string[]
  readonly layer: number
}

export type TreeNode = FolderNode | FileNode | LinkNode

export interface Place {
  /** Without links on the way; the last name itself may be one. */
  readonly path: string
  readonly folder: FolderNode
  readonly name: string
}

/** As many as Linux follows. */
const maxLinks = 40
/** Links multiply names; beyond this many it is an attack. */
const maxSteps = 1024

export function newTree(): FolderNode {
  return { kind: 'folder', children: new Map() }
}

export interface AppliedLayer {
  readonly removals: readonly Removal[]
  readonly tree: readonly TreeEntry[]
  readonly files: readonly InventoriedFile[]
}

/** Applies a layer to the tree. Returns where it wrote files, without links on the way. */
export function applyLayer(root: FolderNode, contents: AppliedLayer, layer: number): Place[] {
  // Whiteouts speak of lower layers only, wherever in the layer they stand.
  for (const removal of contents.removals) applyRemoval(root, removal)
  const written: Place[] = []
  for (const entry of contents.tree) {
    const place = placeForWriting(root, entry.path)
    if (place === undefined) continue
    const node = nodeOf(root, entry, contents.files, layer)
    const existing = place.folder.children.get(place.name)
    if (node.kind === 'folder' && existing?.kind === 'folder') continue
    place.folder.children.set(place.name, node)
    if (node.kind === 'file') written.push(place)
  }
  return written
}

function applyRemoval(root: FolderNode, { kind, path }: Removal): void {
  if (path === '') {
    root.children.clear()
    return
  }
  const place = findPlace(root, path)
  if (place === undefined) return
  if (kind === 'whiteout') place.folder.children.delete(place.name)
  else findFolder(root, path)?.children.clear()
}

function nodeOf(
  root: FolderNode,
  entry: TreeEntry,
  files: readonly InventoriedFile[],
  layer: number,
): TreeNode {
  switch (entry.kind) {
    case 'directory':
      return newTree()
    case 'symlink':
      return { kind: 'symlink', target: entry.target, wantedBy: entry.wantedBy, layer }
    case 'file': {
      const content = entry.file === undefined ? undefined : files[entry.file]
      if (content === undefined) return { kind: 'file', wantedBy: [], layer }
      const wantedBy = content.extractions.flatMap(({ extractorId, isByContent }) =>
        isByContent === true ? [] : [extractorId],
      )
      return { kind: 'file', content, wantedBy, layer }
    }
    case 'hardlink':
      return hardlinkNode(findNode(root, entry.target), entry.wantedBy, layer)
    default:
      throw unreachable(entry satisfies never)
  }
}

function hardlinkNode(
  target: TreeNode | undefined,
  wantedBy: readonly string[],
  layer: number,
): TreeNode {
  if (target?.kind === 'symlink') return { ...target, wantedBy, layer }
  if (target?.kind !== 'file' || target.content === undefined)
    return { kind: 'file', wantedBy, layer }
  return { kind: 'file', content: target.content, wantedBy, layer }
}

/** The node at a path, links on the way followed, a link at its end not. */
export function findNode(root: FolderNode, path: string): TreeNode | undefined {
  if (path === '') return root
  const place = findPlace(root, path)
  return place?.folder.children.get(place.name)
}

/** Where a path leads when all links are followed, and what is there; undefined when links go in circles. */
export function followNode(
  root: FolderNode,
  path: string,
): { readonly path: string; readonly node: TreeNode | undefined } | undefined {
  const walk = startWalk(root)
  if (!walkSegments(walk, path, 'imagine')) return undefined
  const plain = walk.names.join('/')
  return { path: plain, node: nodeAt(root, plain) }
}

/** The node at a path of plain names, links not followed. */
export function nodeAt(root: FolderNode, path: string): TreeNode | undefined {
  if (path === '') return root
  let node: TreeNode | undefined = root
  for (const name of path.split('/')) {
    if (node?.kind !== 'folder') return undefined
    node = node.children.get(name)
  }
  return node
}

/** The readings of a file that count at its place. */
export function readingsOf({ content, wantedBy }: FileNode): readonly FileExtraction[] {
  if (content === undefined) return []
  return content.extractions.filter(
    ({ extractorId, isByContent }) => isByContent === true || wantedBy.includes(extractorId),
  )
}

/** Every folder on the way must be there: `absent/..` leads nowhere, and not back to where it began. */
function findFolder(root: FolderNode, path: string): FolderNode | undefined {
  const walk = startWalk(root)
  return walkSegments(walk, path, 'find') ? walk.folders.at(-1) : undefined
}

function findPlace(root: FolderNode, path: string): Place | undefined {
  return placeOf(root, path, 'find')
}

function placeForWriting(root: FolderNode, path: string): Place | undefined {
  return placeOf(root, path, 'create') ?? placeOf(root, path, 'replace')
}

/**
 * find: stop at what is missing. imagine: go on as if it were a folder.
 * create: make missing folders. replace: the same, and links become folders.
 */
type WalkMode = 'find' | 'imagine' | 'create' | 'replace'

interface Walk {
  readonly folders: FolderNode[]
  readonly names: string[]
  links: number
  steps: number
}

function startWalk(root: FolderNode): Walk {
  return { folders: [root], names: [], links: 0, steps: 0 }
}

function placeOf(root: FolderNode, path: string, mode: WalkMode): Place | undefined {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  const walk = startWalk(root)
  if (slash > 0 && !walkSegments(walk, path.slice(0, slash), mode)) return undefined
  const folder = walk.folders.at(-1)
  return folder === undefined ? undefined : { path: [...walk.names, name].join('/'), folder, name }
}

/** Walks a path of names and links; false where it cannot be walked in this mode. */
function walkSegments(walk: Walk, path: string, mode: WalkMode): boolean {
  const ahead = path.split('/').toReversed()
  for (;;) {
    const segment = ahead.pop()
    if (segment === undefined) return true
    walk.steps++
    if (walk.steps > maxSteps || ahead.length > maxSteps) return false
    if (segment === '' || segment === '.') continue
    if (segment === '..') stepUp(walk)
    else if (!stepInto(walk, segment, ahead, mode)) return false
  }
}

/** The root's parent is the root. */
function stepUp(walk: Walk): void {
  if (walk.folders.length === 1) return
  walk.folders.pop()
  walk.names.pop()
}

function stepInto(walk: Walk, name: string, ahead: string[], mode: WalkMode): boolean {
  const folder = walk.folders.at(-1)
  if (folder === undefined) return false
  const child = folder.children.get(name)
  if (child?.kind === 'folder') return enter(walk, name, child)
  if (child?.kind === 'symlink' && mode !== 'replace') return follow(walk, child.target, ahead)
  if (mode === 'find') return false
  const made = newTree()
  if (mode !== 'imagine') folder.children.set(name, made)
  return enter(walk, name, made)
}

function enter(walk: Walk, name: string, folder: FolderNode): boolean {
  walk.folders.push(folder)
  walk.names.push(name)
  return true
}

function follow(walk: Walk, target: string, ahead: string[]): boolean {
  walk.links++
  if (walk.links > maxLinks || target === '') return false
  if (target.startsWith('/')) {
    walk.folders.length = 1
    walk.names.length = 0
  }
  ahead.push(...target.split('/').toReversed())
  return true
}

/** All files of the tree with their paths, in no particular order; links are not followed. */
export function* filesOf(
  root: FolderNode,
): Generator<{ readonly path: string; readonly node: FileNode | LinkNode }> {
  const pending: { readonly path: string; readonly folder: FolderNode }[] = [
    { path: '', folder: root },
  ]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const [name, node] of next.folder.children) {
      const path = next.path === '' ? name : `${next.path}/${name}`
      if (node.kind === 'folder') pending.push({ path, folder: node })
      else yield { path, node }
    }
  }
}
