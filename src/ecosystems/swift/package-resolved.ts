// Purpose:  list the packages that a Swift project pins.
// Spec:     Swift Package Manager, Package.resolved of version 1 (`object.pins`), 2 and 3 (`pins`).
// Input:    bytes of a Package.resolved from an image; hostile.
// Deviates: packages of the local file system are the project's own code, not packages.
// Unknowns: a package at a branch or a revision has no version: a problem.
import { listOf, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'

export const packageResolved: Extractor = {
  id: 'swift-package-resolved',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['Package.resolved', '.package.resolved']),
  extract: extractPins,
}

function extractPins(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const document = membersOf(read.value)
  const pins = document['pins'] ?? membersOf(document['object'])['pins']
  if (!Array.isArray(pins)) return unreadable(path, 'has no list of pins')
  const list = startPackageList({ type: 'swift', path, evidence: 'declared' })
  for (const pin of listOf(pins)) addPin(membersOf(pin), list)
  return list.extraction()
}

function addPin(pin: Readonly<Record<string, unknown>>, list: PackageList): void {
  const { kind, location, repositoryURL, identity, state } = pin
  if (kind === 'localSourceControl' || kind === 'fileSystem') return
  const name = nameOf(textOf(location) ?? textOf(repositoryURL) ?? textOf(identity) ?? '')
  const version = textOf(membersOf(state)['version'])
  if (name === '') list.problem('a pin has no address')
  else if (version === undefined) {
    list.problem(`${quote(name)} is at a revision, which no advisory speaks of`)
  } else list.add({ name, version })
}

/** `https://github.com/apple/swift-nio.git`, `git@github.com:apple/swift-nio` → `github.com/apple/swift-nio`. */
export function nameOf(url: string): string {
  return url
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/^[^/@]*@/, '')
    .replace(/^([^/:]+):(?![0-9])/, '$1/')
    .replace(/(?<!\/)\/+$/, '')
    .replace(/\.git$/, '')
}
