// What the lock files of Python's tools say about where a package comes from, and how that is told.
import { membersOf, textOf } from '../documents.ts'
import { quote, type PackageList } from '../package-list.ts'

/** A release of an index, a commit, or a folder of the project: its own code, which no advisory speaks of. */
export type LockSource = 'release' | 'commit' | 'folder'

const maxNamed = 10

export interface LockedPackage {
  readonly name: string | undefined
  readonly version: string | undefined
  readonly source: LockSource
  readonly dependsOn?: readonly string[]
  readonly isDevelopment?: boolean
}

/**
 * Puts the entries of a lock file into the list. One from a commit is kept with the version that its code claims, and
 * that is said; the project's own folders are passed over.
 */
export function addLockedPackages(list: PackageList, packages: readonly LockedPackage[]): void {
  const foreign = packages.filter(({ source }) => source !== 'folder')
  const [fromCommits, unversioned]: [string[], string[]] = [[], []]
  for (const { name, version, source, ...rest } of foreign) {
    if (name === undefined) {
      list.problem('an entry has no name')
      continue
    }
    if (version === undefined) {
      unversioned.push(name)
      continue
    }
    list.add({ name, version, ...rest })
    if (source === 'commit') fromCommits.push(name)
  }
  if (unversioned.length > 0) list.problem(`gives no version of ${listing(unversioned)}`)
  if (fromCommits.length > 0)
    list.problem(
      `takes ${listing(fromCommits)} from commits, not from releases: advisories go by their versions, which may be wrong`,
    )
}

function listing(names: readonly string[]): string {
  const shown = names.slice(0, maxNamed).map(quote).join(', ')
  return names.length > maxNamed ? `${shown} and ${names.length - maxNamed} more` : shown
}

/** `{ name, version … }` or the first word of a requirement, as dependencies are written. */
export function nameOfDependency(value: unknown): readonly string[] {
  const name =
    typeof value === 'string'
      ? /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(value)?.[0]
      : textOf(membersOf(value)['name'])
  return name === undefined ? [] : [name]
}
