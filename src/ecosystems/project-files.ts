/**
 * Folders where package managers put other people's code. What lies in them is told by the package's own record; the
 * lock files that its authors left in it speak of what they tested with, which is not in the image.
 */
const otherPeoplesCode =
  /(?:^|\/)(?:node_modules|usr\/(?:share|lib|lib\/[^/]+)\/nodejs|bower_components|site-packages|dist-packages|vendor|\.yarn|\.cargo\/registry|go\/pkg\/mod|gems\/[^/]+-[0-9][^/]*|deps\/[^/]+|\.pub-cache|Pods)\//

/** Whether this is a lock file of a project, by its base name, and not of a package that is installed somewhere. */
export function isProjectFile(path: string, names: readonly string[]): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return names.includes(name) && !otherPeoplesCode.test(path)
}
