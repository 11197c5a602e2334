import { isMembers, listOf, membersOf, textOf } from '../documents.ts'
import { quote, type PackageList } from '../package-list.ts'
import { isComposerBranch } from './version.ts'

/** Packages as Composer writes them into its lock file and into installed.json. */
export function addComposerPackages(
  packages: readonly unknown[],
  list: PackageList,
  isDevelopment: (name: string) => boolean,
): void {
  for (const entry of packages) {
    const name = textOf(membersOf(entry)['name'])
    if (!isMembers(entry) || name === undefined) {
      list.problem('an entry of the packages has no name')
      continue
    }
    const version = textOf(entry['version']) ?? ''
    if (isComposerBranch(version)) {
      list.problem(`${quote(name)} is at the branch ${quote(version)}, which no advisory speaks of`)
    }
    list.add({
      name,
      version,
      licenses: listOf(entry['license']).flatMap((license) => textOf(license) ?? []),
      // PHP itself, its extensions and libraries of the system have no vendor.
      dependsOn: Object.keys(membersOf(entry['require'])).filter((needed) => needed.includes('/')),
      isDevelopment: isDevelopment(name),
    })
  }
}
