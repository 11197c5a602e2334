// Purpose:  list the packages that uv locked.
// Spec:     uv, uv.lock version 1: packages with their source, dependencies and, of workspace members, development groups.
// Input:    bytes of uv.lock; hostile.
// Deviates: members of the workspace are the project's own code and are not listed.
// Unknowns: without a member of the workspace nothing tells what is for development only; none is marked then.
import { entriesOf, listOf, membersOf, readToml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { addLockedPackages, nameOfDependency, type LockSource } from './lock-sources.ts'

export const uvLock: Extractor = {
  id: 'python-uv-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['uv.lock']),
  extract: extractUvLock,
}

interface UvPackage {
  readonly name: string | undefined
  readonly version: string | undefined
  readonly source: LockSource
  readonly dependsOn: readonly string[]
}

function extractUvLock(path: string, bytes: Uint8Array): Extraction {
  const reading = readToml(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  const list = startPackageList({ type: 'pypi', path, evidence: 'declared' })
  const packages = listOf(membersOf(reading.value)['package']).map(readPackage)
  const shipped = reachableFromMembers(packages)
  const marked = packages.map((found) => {
    const { name } = found
    return {
      ...found,
      isDevelopment: shipped !== undefined && name !== undefined && !shipped.has(name),
    }
  })
  addLockedPackages(list, marked)
  return list.extraction()
}

/** Development groups stand apart and are left out of what a package needs. */
function readPackage(entry: unknown): UvPackage {
  const { name, version, source, dependencies, 'optional-dependencies': extras } = membersOf(entry)
  const optional = entriesOf(extras).flatMap(([, needed]) => listOf(needed))
  return {
    name: textOf(name),
    version: textOf(version),
    source: sourceOf(membersOf(source)),
    dependsOn: [...listOf(dependencies), ...optional].flatMap(nameOfDependency),
  }
}

function sourceOf(source: Readonly<Record<string, unknown>>): LockSource {
  if ('git' in source) return 'commit'
  return ['virtual', 'editable', 'directory'].some((member) => member in source)
    ? 'folder'
    : 'release'
}

/** Names of all that the workspace's members need, directly or not; undefined where there is no member. */
function reachableFromMembers(packages: readonly UvPackage[]): ReadonlySet<string> | undefined {
  const members = packages.filter(({ source }) => source === 'folder')
  if (members.length === 0) return undefined
  const needs = Map.groupBy(packages, ({ name }) => name)
  const reached = new Set<string>()
  const open = members.flatMap(({ dependsOn }) => dependsOn)
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue
    reached.add(name)
    for (const { dependsOn } of needs.get(name) ?? []) open.push(...dependsOn)
  }
  return reached
}
