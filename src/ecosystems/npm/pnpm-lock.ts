// Purpose:  list the packages that a pnpm lock file promises.
// Spec:     pnpm, pnpm-lock.yaml of lockfileVersion 5 to 9.
// Input:    bytes of a pnpm-lock.yaml from an image; hostile.
// Deviates: workspaces and links are the project's own code, not packages; pnpm itself, where the file pins it, is for development.
// Unknowns: an entry whose key has no version, and which tells none, is a problem.
import { entriesOf, isMembers, membersOf, readYaml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { isNpmName, splitDescriptor } from './names.ts'
import { reachableFrom } from './reachable.ts'

type Members = Readonly<Record<string, unknown>>

interface PnpmPackage {
  readonly name: string
  readonly version: string
}

export const pnpmLock: Extractor = {
  id: 'npm-pnpm-lock',
  revision: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['pnpm-lock.yaml', 'pnpm-lock.yml']),
  extract: extractLock,
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readYaml(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const documents = Array.isArray(read.value) ? read.value.filter(isMembers) : []
  if (!documents.some((document) => textOf(document['lockfileVersion']) !== undefined)) {
    return unreadable(path, 'is not a lock file of pnpm')
  }
  const list = startPackageList({ type: 'npm', path, evidence: 'declared' })
  for (const document of documents) addDocument(document, list)
  return list.extraction()
}

function addDocument(document: Members, list: PackageList): void {
  const isFifth = Number.parseFloat(textOf(document['lockfileVersion']) ?? '') < 6
  const found = new Map<string, PnpmPackage>()
  for (const [key, value] of entriesOf(document['packages'])) {
    const one = packageOf(key, membersOf(value), isFifth)
    if (one === undefined) list.problem(`the entry ${quote(key)} tells no name or no version`)
    else found.set(key, one)
  }
  // Since version 9 what a package needs stands beside `packages`, once for each choice of its peers.
  const snapshots = isMembers(document['snapshots']) ? document['snapshots'] : undefined
  const nodes = snapshots ?? membersOf(document['packages'])
  const needs = new Map(entriesOf(nodes).map(([key, value]) => [key, needsOf(value, nodes)]))
  const isOnlyForDevelopment = snapshots === undefined ? undefined : developmentOf(document, needs)
  const variants = Map.groupBy(needs.keys(), (key) => (found.has(key) ? key : withoutPeers(key)))
  for (const [key, one] of found) {
    const own = variants.get(key) ?? []
    const isDevelopment =
      isOnlyForDevelopment === undefined
        ? textOf(membersOf(nodes[key])['dev']) === 'true'
        : own.length > 0 && own.every(isOnlyForDevelopment)
    const dependsOn = own
      .flatMap((variant) => needs.get(variant) ?? [])
      .flatMap((need) => {
        const needed = found.get(need) ?? found.get(withoutPeers(need))
        return needed === undefined ? [] : [`${needed.name}@${needed.version}`]
      })
    list.add({ ...one, dependsOn, isDevelopment })
  }
}

/** The members `name` and `version` are there where the key is an address. */
function packageOf(key: string, entry: Members, isFifth: boolean): PnpmPackage | undefined {
  const byKey = isFifth ? readFifthKey(key) : splitDescriptor(withoutPeers(key).replace(/^\//, ''))
  const name = textOf(entry['name']) ?? byKey?.name
  const version = textOf(entry['version']) ?? byKey?.range
  const isWhole = name !== undefined && version !== undefined && version !== ''
  return isWhole && isNpmName(name) ? { name, version } : undefined
}

/** `/@scope/name/1.0.0_peer@2.0.0`, or the same after the name of a registry. */
function readFifthKey(key: string): { readonly name: string; readonly range: string } | undefined {
  const match = /^[^/@]*\/((?:@[^/]+\/)?[^/]+)\/([0-9][^/_]*)(?:_.*)?$/.exec(key)
  const [, name, range] = match ?? []
  return name === undefined || range === undefined ? undefined : { name, range }
}

/** `a@1.0.0(b@2.0.0)` → `a@1.0.0`. */
function withoutPeers(key: string): string {
  const bracket = key.indexOf('(')
  return bracket === -1 ? key : key.slice(0, bracket)
}

/** Keys of what an entry needs. */
function needsOf(entry: unknown, nodes: Members): readonly string[] {
  const { dependencies, optionalDependencies } = membersOf(entry)
  return [...entriesOf(dependencies), ...entriesOf(optionalDependencies)].flatMap(
    ([alias, value]) => keyOf(alias, value, nodes),
  )
}

/** Where a name leads: to a version of that name, or to the key of another where it is an alias or an address. */
function keyOf(alias: string, value: unknown, nodes: Members): readonly string[] {
  const reference = textOf(isMembers(value) ? value['version'] : value)
  if (reference === undefined) return []
  const places = [
    reference,
    `${alias}@${reference}`,
    `/${alias}@${reference}`,
    `/${alias}/${reference}`,
  ]
  return places.filter((place) => Object.hasOwn(nodes, place)).slice(0, 1)
}

/** What projects need to run is not for development, whoever else needs it. */
function developmentOf(
  document: Members,
  needs: ReadonlyMap<string, readonly string[]>,
): (key: string) => boolean {
  const roots: string[] = []
  for (const [, importer] of entriesOf(document['importers'])) {
    roots.push(...needsOf(importer, membersOf(document['snapshots'])))
  }
  const needed = reachableFrom(roots, needs)
  return (key) => !needed.has(key)
}
