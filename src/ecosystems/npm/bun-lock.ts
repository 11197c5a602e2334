// Purpose:  list the packages that a bun lock file promises.
// Spec:     Bun, bun.lock (text, lockfileVersion 0 and 1): JSON with commas after the last member.
// Input:    bytes of a bun.lock from an image; hostile.
// Deviates: workspaces and links are the project's own code, not packages; the binary bun.lockb is not read.
// Unknowns: a package whose first member is no `name@version` is a problem; what comes from git or a file has that address for a version, which nothing orders.
import { isMembers, listOf, membersOf, readRelaxedJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { isNpmName, splitDescriptor } from './names.ts'
import { namePlaces, resolveNeeds, type FindNeed } from './needs.ts'
import { reachableFrom } from './reachable.ts'

type Members = Readonly<Record<string, unknown>>

interface BunPackage {
  readonly name: string
  readonly version: string
  readonly isOwnCode: boolean
  readonly details: Members
}

export const bunLock: Extractor = {
  id: 'npm-bun-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['bun.lock']),
  extract: extractLock,
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readRelaxedJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  if (!isMembers(read.value)) return unreadable(path, 'is not a JSON object')
  const { packages, workspaces } = read.value
  const list = startPackageList({ type: 'npm', path, evidence: 'declared' })
  const places = readPlaces(membersOf(packages), list)
  const findNeed = resolveNeeds(places, namePlaces)
  const needs = new Map(
    [...places].map(([place, { details }]) => [place, needsOf(place, details, findNeed)]),
  )
  const roots = Object.entries(membersOf(workspaces)).flatMap(([folder, workspace]) =>
    needsOf(nameOfWorkspace(folder, workspace), membersOf(workspace), findNeed),
  )
  const needed = reachableFrom(roots, needs)
  for (const [place, { name, version, isOwnCode }] of places) {
    if (isOwnCode) continue
    const dependsOn = (needs.get(place) ?? []).flatMap((need) => {
      const found = places.get(need)
      return found === undefined || found.isOwnCode ? [] : [`${found.name}@${found.version}`]
    })
    list.add({ name, version, dependsOn, isDevelopment: !needed.has(place) })
  }
  return list.extraction()
}

/** Keys are names, and names of who has a copy of its own before them: `a`, `b/a`. */
function readPlaces(packages: Members, list: PackageList): ReadonlyMap<string, BunPackage> {
  const places = new Map<string, BunPackage>()
  for (const [place, value] of Object.entries(packages)) {
    const tuple = listOf(value)
    const { name, range } = splitDescriptor(textOf(tuple[0]) ?? '')
    if (!isNpmName(name) || range === '') {
      list.problem(`the entry of ${quote(place)} does not begin with a name and a version`)
      continue
    }
    const isOwnCode = /^(?:workspace|link|root):/.test(range)
    places.set(place, { name, version: range, isOwnCode, details: tuple.find(isMembers) ?? {} })
  }
  return places
}

function needsOf(place: string, details: Members, findNeed: FindNeed): readonly string[] {
  const { dependencies, optionalDependencies, peerDependencies, optionalPeers } = details
  const optional = new Set(listOf(optionalPeers))
  const peers = Object.keys(membersOf(peerDependencies)).filter((name) => !optional.has(name))
  const names = [
    ...Object.keys(membersOf(dependencies)),
    ...Object.keys(membersOf(optionalDependencies)),
    ...peers,
  ]
  return names.flatMap((name) => findNeed(place, name) ?? [])
}

/** Copies of a workspace's own stand below its name. */
function nameOfWorkspace(folder: string, workspace: unknown): string {
  return folder === '' ? '' : (textOf(membersOf(workspace)['name']) ?? folder)
}
