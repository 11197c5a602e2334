// Names of archive entries: bytes kept as latin1 text, so that two names are equal only when their bytes are.

export const maxPathBytes = 4096
export const maxPathDepth = 255

export type EntryPath =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** What `''`, `.`, `..` and doubled or trailing slashes look like in a name. */
const needsResolving = /(?:^|\/)\.{0,2}(?:\/|$)/

/**
 * A path below the root without leading slash, `.` and `..`; the root itself is ''.
 * `..` is resolved in the text, as runtimes do; a name that climbs out of the root is refused.
 */
export function parseEntryPath(name: string): EntryPath {
  if (name.length > maxPathBytes) return refused(`path longer than ${maxPathBytes} bytes`)
  if (name.includes('\0')) return refused('NUL byte in the path')
  const plain = needsResolving.test(name) ? resolveDots(name) : name
  if (plain === undefined) return refused('path climbs out of the root')
  if (depthOf(plain) > maxPathDepth) return refused(`path deeper than ${maxPathDepth} folders`)
  return { kind: 'path', path: plain }
}

function refused(reason: string): EntryPath {
  return { kind: 'refused', reason }
}

function resolveDots(name: string): string | undefined {
  const kept: string[] = []
  for (const segment of name.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') kept.push(segment)
    else if (kept.pop() === undefined) return undefined
  }
  return kept.join('/')
}

function depthOf(path: string): number {
  let depth = 1
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) depth++
  return depth
}

/** The name for people: UTF-8 where the bytes are, with U+FFFD for those that are not. */
export function displayPath(path: string): string {
  // oxlint-disable-next-line no-control-regex -- the range is "every ASCII character"
  return /^[\0-\x7f]*$/.test(path) ? path : Buffer.from(path, 'latin1').toString('utf8')
}
