// Purpose:  list the packages that an npm lock file promises.
// Spec:     npm, package-lock.json (lockfileVersion 1 to 3) and npm-shrinkwrap.json.
// Input:    bytes of such a file from an image; hostile.
// Deviates: the root, workspaces and what npm links are the project's own code, not packages. The hidden lock file in
//           node_modules is not read: each package that it lists has its package.json there, which is read, and is
//           right also where a later layer removed it.
// Unknowns: in version 1, what comes from git or a file has that address for a version, which nothing orders.
import { entriesOf, isMembers, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { isNpmName, readLicenses, splitDescriptor } from './names.ts'
import { nodeModulesPlaces, resolveNeeds } from './needs.ts'

type Members = Readonly<Record<string, unknown>>

interface LockedPackage {
  readonly name: string
  readonly version: string
  readonly entry: Members
}

const maxPlaces = 200_000

export const npmPackageLock: Extractor = {
  id: 'npm-package-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  packageManager: 'NPM',
  wants: (path) => isProjectFile(path, ['package-lock.json', 'npm-shrinkwrap.json']),
  extract: extractLock,
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  if (!isMembers(read.value)) return unreadable(path, 'is not a JSON object')
  const { packages, dependencies, lockfileVersion } = read.value
  const list = startPackageList({ type: 'npm', path, evidence: 'declared' })
  if (isMembers(packages)) addAll(readPlaces(packages, list), list)
  else if (isMembers(dependencies)) addAll(readTree(dependencies, list), list)
  else if (lockfileVersion === undefined) return unreadable(path, 'is not a lock file of npm')
  return list.extraction()
}

/** Versions 2 and 3: entries by their place. */
function readPlaces(packages: Members, list: PackageList): ReadonlyMap<string, LockedPackage> {
  const places = new Map<string, LockedPackage>()
  for (const [place, value] of Object.entries(packages)) {
    const below = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place)?.[1]
    if (below === undefined) continue
    if (!isMembers(value)) {
      list.problem(`${quote(place)} is not an object`)
      continue
    }
    if (value['link'] === true) continue
    const version = textOf(value['version']) ?? ''
    places.set(place, { name: textOf(value['name']) ?? below, version, entry: value })
    if (places.size >= maxPlaces) break
  }
  return places
}

/** Version 1: a tree, walked without recursion and written down as the places where npm puts it. */
function readTree(dependencies: Members, list: PackageList): ReadonlyMap<string, LockedPackage> {
  const places = new Map<string, LockedPackage>()
  const open: { readonly folder: string; readonly tree: Members }[] = [
    { folder: '', tree: dependencies },
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [key, value] of Object.entries(next.tree)) {
      if (!isMembers(value)) {
        list.problem(`the entry of ${quote(key)} is not an object`)
        continue
      }
      if (places.size >= maxPlaces) return places
      const place = `${next.folder}node_modules/${key}`
      const found = readEntry(key, value)
      // What a folder of the project needs is a package all the same.
      if (!isLinkedFolder(found.version)) places.set(place, found)
      if (isMembers(value['dependencies'])) {
        open.push({ folder: `${place}/`, tree: value['dependencies'] })
      }
    }
  }
  return places
}

function readEntry(key: string, entry: Members): LockedPackage {
  const text = textOf(entry['version']) ?? ''
  const alias = text.startsWith('npm:') ? splitDescriptor(text.slice(4)) : undefined
  const { name, range: version } = alias ?? { name: key, range: text }
  return { name, version, entry }
}

/** npm copies an archive that `file:` names, and links a folder. */
function isLinkedFolder(version: string): boolean {
  return version.startsWith('file:') && !/\.(?:tgz|tar|tar\.gz)$/.test(version)
}

function addAll(places: ReadonlyMap<string, LockedPackage>, list: PackageList): void {
  const findNeed = resolveNeeds(places, nodeModulesPlaces)
  for (const [place, { name, version, entry }] of places) {
    if (!isNpmName(name)) list.problem(`the name ${quote(name)} of a package is none`)
    else {
      list.add({
        name,
        version,
        licenses: readLicenses(entry['license'] ?? entry['licenses']),
        dependsOn: neededNames(entry).flatMap((needed) => {
          const found = places.get(findNeed(place, needed) ?? '')
          return found === undefined ? [] : [`${found.name}@${found.version}`]
        }),
        isDevelopment: entry['dev'] === true,
      })
    }
  }
}

function neededNames(entry: Members): readonly string[] {
  const { requires, optionalDependencies, peerDependencies } = entry
  // Version 1 has its nested packages under `dependencies`, and names with ranges under `requires`.
  const direct = entriesOf(entry['dependencies']).flatMap(([name, range]) =>
    textOf(range) === undefined ? [] : [name],
  )
  return [
    ...direct,
    ...[requires, optionalDependencies, peerDependencies].flatMap((one) =>
      Object.keys(membersOf(one)),
    ),
  ]
}
