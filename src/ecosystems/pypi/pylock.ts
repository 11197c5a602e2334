// Purpose:  list the packages of a lock file that any Python tool may have written.
// Spec:     PEP 751 and PyPA, "pylock.toml specification" 1.0.
// Input:    bytes of pylock.toml or pylock.NAME.toml; hostile.
// Deviates: a package from a local directory is the project's own code and is not listed.
// Unknowns: a package without a version, as may be for a commit, is a problem.
import { listOf, membersOf, readToml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import {
  addLockedPackages,
  nameOfDependency,
  type LockedPackage,
  type LockSource,
} from './lock-sources.ts'

export const pylock: Extractor = {
  id: 'python-pylock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => path.endsWith('.toml') && isPylock(path),
  extract: extractPylock,
}

function isPylock(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return /^pylock(?:\.[^.]+)?\.toml$/.test(name) && isProjectFile(path, [name])
}

function extractPylock(path: string, bytes: Uint8Array): Extraction {
  const reading = readToml(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  const list = startPackageList({ type: 'pypi', path, evidence: 'declared' })
  const packages: LockedPackage[] = []
  for (const entry of listOf(membersOf(reading.value)['packages'])) {
    const members = membersOf(entry)
    packages.push({
      name: textOf(members['name']),
      version: textOf(members['version']),
      source: sourceOf(members),
      dependsOn: listOf(members['dependencies']).flatMap(nameOfDependency),
    })
  }
  addLockedPackages(list, packages)
  return list.extraction()
}

function sourceOf(members: Readonly<Record<string, unknown>>): LockSource {
  if ('vcs' in members) return 'commit'
  return 'directory' in members ? 'folder' : 'release'
}
