/** Longest path of Linux. */
const maxPathLength = 4096

/**
 * A path as a package database writes it → below the root, without a leading slash; undefined for the root itself and
 * for one that says `..` or is none.
 */
export function ownedPath(text: string): string | undefined {
  // Before anything that looks for its end: a line of a million slashes would be walked once for each of them.
  if (text.length > 2 * maxPathLength) return undefined
  const path = text.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '')
  if (path === '' || path === '.' || path.length > maxPathLength || path.includes('\0'))
    return undefined
  return /(?:^|\/)\.{0,2}(?:\/|$)/.test(path) ? undefined : path
}
