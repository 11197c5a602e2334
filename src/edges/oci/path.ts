// Purpose:  read a /v2 path: which endpoint, which repository, which reference.
// Spec:     OCI distribution-spec, "Endpoints"; names may hold `blobs`, `manifests`, `tags` … as segments, so it is read from the right.
// Input:    the raw path of the request, not decoded; hostile.
// Deviates: `%3A` in a digest is decoded, since some clients escape it; every other escape is refused.
// Unknowns: a path of no endpoint → 'unknown'; one with a bad name or digest says which.
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { parseReference, type Reference } from '../../oci/reference.ts'

export type V2Path =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'discovery' }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: Digest }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: Reference }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly uploadId: string }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'extensions'; readonly name: string }
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: Digest }
  | { readonly kind: 'badDigest'; readonly name: string; readonly text: string }
  | { readonly kind: 'badReference'; readonly name: string; readonly text: string }
  | { readonly kind: 'unknown' }

/** `path` begins with `/v2`; the repository name is not judged here. */
export function parseV2Path(path: string): V2Path {
  const decoded = path.includes('%') ? path.replaceAll(/%3a/gi, ':') : path
  if (decoded.includes('%') || decoded.includes('\\')) return { kind: 'unknown' }
  const segments = decoded
    .replace(/^\/v2\/?/, '')
    .replace(/\/$/, '')
    .split('/')
  const [only] = segments
  if (segments.length === 1 && only === '') return { kind: 'base' }
  if (segments.length === 1 && only === '_catalog') return { kind: 'catalog' }
  const isDiscovery = segments.slice(-3).join('/') === '_oci/ext/discover'
  return isDiscovery ? discoveryPath(segments) : parseRepositoryPath(segments)
}

function parseRepositoryPath(segments: readonly string[]): V2Path {
  if (segments.length < 3) return { kind: 'unknown' }
  const [third, second, last] = [segments.at(-3), segments.at(-2), segments.at(-1) ?? '']
  const name = segments.slice(0, -2).join('/')
  switch (second) {
    case 'uploads':
      return third === 'blobs' ? uploadPath(segments, last) : { kind: 'unknown' }
    case 'tags':
      return last === 'list' ? { kind: 'tags', name } : { kind: 'unknown' }
    case 'manifests':
      return manifestPath(name, last)
    case 'blobs':
      return last === 'uploads' ? { kind: 'uploads', name } : digestPath('blob', name, last)
    case 'referrers':
      return digestPath('referrers', name, last)
    case undefined:
    default:
      return { kind: 'unknown' }
  }
}

/** Reserved: no repository's name has a segment that begins with `_`. */
function discoveryPath(segments: readonly string[]): V2Path {
  const name = segments.slice(0, -3).join('/')
  return name === '' ? { kind: 'discovery' } : { kind: 'extensions', name }
}

/** `NAME/blobs/uploads/ID`, in which NAME is never empty. */
function uploadPath(segments: readonly string[], uploadId: string): V2Path {
  const name = segments.slice(0, -3).join('/')
  return name === '' ? { kind: 'unknown' } : { kind: 'upload', name, uploadId }
}

function digestPath(kind: 'blob' | 'referrers', name: string, text: string): V2Path {
  const digest = parseDigest(text)
  return digest === undefined ? { kind: 'badDigest', name, text } : { kind, name, digest }
}

function manifestPath(name: string, text: string): V2Path {
  const reference = parseReference(text)
  if (reference !== undefined) return { kind: 'manifest', name, reference }
  return { kind: text.includes(':') ? 'badDigest' : 'badReference', name, text }
}
