// Purpose:  which distribution an image is made from, by the files that are in it after all layers.
// Spec:     os-release(5); release-files.ts for the order of the files that name a system.
// Input:    the squashed tree.
// Deviates: nothing.
// Unknowns: a file that was not read, or names no system that is known, decides too: what its parent's file beside it says
//           is true of the parent only.
import type { Distribution } from '../../ecosystems/ecosystem.ts'
import { releaseFilePaths, ubuntuProPath } from '../../ecosystems/release-files.ts'
import { followNode, type FileNode, type FolderNode } from './layer-tree.ts'

/** The first of the files that is there decides; undefined when it names none. */
export function distributionOf(root: FolderNode): Distribution | undefined {
  for (const path of releaseFilePaths) {
    const node = fileAt(root, path)
    if (node === undefined) continue
    const named = node.content?.distribution
    return named === undefined ? undefined : withSubscription(named, root)
  }
  return undefined
}

/** What a file at this path says of the system, if it is one that `parseReleaseFile` reads. */
export function saidAt(root: FolderNode, path: string): Distribution | undefined {
  return fileAt(root, path)?.content?.distribution
}

function fileAt(root: FolderNode, path: string): FileNode | undefined {
  const node = followNode(root, path)?.node
  return node?.kind === 'file' ? node : undefined
}

function withSubscription(named: Distribution, root: FolderNode): Distribution {
  const pro = saidAt(root, ubuntuProPath)
  const isSubscribed = pro?.id === named.id && pro.isSubscribed === true
  return isSubscribed ? { ...named, isSubscribed } : named
}
