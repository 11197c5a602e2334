// Purpose:  which entries of a layer matter to the layers below and above, beside the files that are read.
// Spec:     OCI image-spec, layer.md "Whiteouts"; aufs marks as its runtimes write them.
// Input:    paths and link targets out of a layer; may be hostile.
// Deviates: a file deep in the tree whose name has a dot, or a link to such a file, is not kept; where it replaced a folder
//           with packages, these stay listed. The other way round nothing is lost.
// Unknowns: a whiteout without a name → refused, which becomes a problem of the layer.

export type Whiteout =
  | { readonly kind: 'whiteout' | 'opaque'; readonly path: string }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'refused'; readonly reason: string }

/** What a path with a whiteout's name means; undefined for any other path. */
export function parseWhiteout(path: string): Whiteout | undefined {
  const slash = path.lastIndexOf('/')
  if (!path.startsWith('.wh.', slash + 1)) return undefined
  const folder = path.slice(0, Math.max(slash, 0))
  const name = path.slice(slash + 5)
  if (name === '.wh..opq') return { kind: 'opaque', path: folder }
  // .wh..wh.plnk, .wh..wh.aufs and the like are aufs's own bookkeeping.
  if (name.startsWith('.wh.')) return { kind: 'ignored' }
  if (name === '' || name === '.' || name === '..')
    return { kind: 'refused', reason: 'whiteout of no name' }
  return { kind: 'whiteout', path: folder === '' ? name : `${folder}/${name}` }
}

const packageFolders = /^(?:node_modules|site-packages|dist-packages|vendor|gems|specifications)$/
const packageFolderEndings = /\.(?:dist-info|egg-info|d)$/
const maxPlainDepth = 4

/** Whether lower layers may well have packages below a folder of this path, so that replacing it matters. */
export function leadsToPackages(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (packageFolders.test(name) || packageFolderEndings.test(name)) return true
  return !name.includes('.') && path.split('/', maxPlainDepth + 1).length <= maxPlainDepth
}

const fileEndings =
  /\.(?:so(?:\.[0-9.]+)?|[ah]|pc|gz|bz2|xz|html|pyc|png|svg|pem|crt|service|target|socket|timer)$/

/** Whether a symlink to this target may lead to a folder: nearly all that do not end like a file. */
export function mayBeFolderLink(target: string): boolean {
  return !fileEndings.test(target)
}
