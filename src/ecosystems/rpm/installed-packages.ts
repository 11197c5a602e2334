// Makes the answer of an extractor out of the header blobs of a package database.
import type { Extraction, InventoryProblem, OwnedFiles, PackageInstance } from '../ecosystem.ts'
import type { BlobReading } from './blobs.ts'
import { openHeader } from './header.ts'
import { readHeader, type InstalledPackage } from './installed-package.ts'

/** More than any distribution has. */
const maxPackages = 100_000
const maxProblems = 100
/** Text of the paths of all packages together; a desktop with everything has some 50 MiB. */
const maxOwnedCharacters = 128 * 1024 * 1024
const maxDependencies = 1000
/** Capabilities of all packages together. */
const maxCapabilities = 1_000_000

/** The folders in which rpm, and distributions built by images, keep their database. */
export function isInDatabaseFolder(path: string, name: string): boolean {
  return folders.some(
    (folder) => path.length === folder.length + name.length && path === folder + name,
  )
}

const folders = ['var/lib/rpm/', 'usr/lib/sysimage/rpm/', 'usr/share/rpm/']

export function collectInstalled(path: string, blobs: Iterable<BlobReading>): Extraction {
  const found: InstalledPackage[] = []
  const reasons = new Set<string>()
  for (const blob of blobs) {
    if (found.length >= maxPackages) {
      reasons.add('has more packages than are read')
      break
    }
    const reason = takeBlob(blob, found)
    if (reason !== undefined && reasons.size < maxProblems) reasons.add(reason)
  }
  const providers = providersOf(found)
  const { owned, isCut } = ownedFiles(found)
  if (isCut) reasons.add('lists more files than are kept')
  return {
    instances: found.map((installed) => instanceOf(path, installed, providers)),
    problems: [...reasons].map((reason): InventoryProblem => ({ path, reason })),
    owned,
  }
}

/** Adds the package to those found, or tells why it cannot be read. */
function takeBlob(blob: BlobReading, found: InstalledPackage[]): string | undefined {
  if (blob.kind === 'problem') return blob.reason
  const header = openHeader(blob.bytes)
  if (typeof header === 'string') return header
  const read = readHeader(header)
  if (read.kind === 'package') found.push(read.installed)
  return read.kind === 'problem' ? read.reason : undefined
}

function instanceOf(
  path: string,
  { package: found, licenses, requires }: InstalledPackage,
  providers: Providers,
): PackageInstance {
  const dependsOn = dependenciesOf(found.name, requires, providers)
  return {
    package: found,
    path,
    evidence: 'installed',
    ...(licenses.length === 0 ? {} : { licenses }),
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
  }
}

/** Names of the packages that provide a capability; undefined where several packages do. */
type Providers = ReadonlyMap<string, string | undefined>

function providersOf(found: readonly InstalledPackage[]): Providers {
  const providers = new Map<string, string | undefined>()
  for (const { package: it, provides } of found) {
    if (providers.size > maxCapabilities) break
    for (const capability of provides) {
      const other = providers.has(capability) ? providers.get(capability) : it.name
      providers.set(capability, other === it.name ? it.name : undefined)
    }
  }
  // A name always means the package that has it, whoever else provides it.
  for (const { package: it } of found) providers.set(it.name, it.name)
  return providers
}

function dependenciesOf(
  name: string,
  requires: readonly string[],
  providers: Providers,
): readonly string[] {
  const needed = new Set<string>()
  for (const capability of requires) {
    const provider = providers.get(capability)
    if (provider !== undefined && provider !== name) needed.add(provider)
    if (needed.size >= maxDependencies) break
  }
  return [...needed].toSorted()
}

function ownedFiles(found: readonly InstalledPackage[]): {
  readonly owned: readonly OwnedFiles[]
  readonly isCut: boolean
} {
  const owned: OwnedFiles[] = []
  let room = maxOwnedCharacters
  for (const { files } of found) {
    if (files.paths.length === 0) continue
    room -= files.paths.reduce((sum, path) => sum + path.length, 0)
    if (room < 0) return { owned, isCut: true }
    owned.push(files)
  }
  return { owned, isCut: false }
}
