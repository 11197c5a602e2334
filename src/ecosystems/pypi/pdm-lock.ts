// Purpose:  list the packages that PDM locked.
// Spec:     PDM, pdm.lock 4.x.
// Input:    bytes of pdm.lock; hostile.
// Deviates: a group is for development if it is called dev, as PDM calls its own; of others the file does not tell.
// Unknowns: a package without a version is a problem.
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

export const pdmLock: Extractor = {
  id: 'python-pdm-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['pdm.lock']),
  extract: extractPdmLock,
}

function extractPdmLock(path: string, bytes: Uint8Array): Extraction {
  const reading = readToml(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  const list = startPackageList({ type: 'pypi', path, evidence: 'declared' })
  const packages: LockedPackage[] = []
  for (const entry of listOf(membersOf(reading.value)['package'])) {
    const members = membersOf(entry)
    const groups = listOf(members['groups'])
    packages.push({
      name: textOf(members['name']),
      version: textOf(members['version']),
      source: sourceOf(members),
      dependsOn: listOf(members['dependencies']).flatMap(nameOfDependency),
      isDevelopment: groups.length > 0 && groups.every((group) => group === 'dev'),
    })
  }
  addLockedPackages(list, packages)
  return list.extraction()
}

function sourceOf(members: Readonly<Record<string, unknown>>): LockSource {
  if (['git', 'hg', 'svn', 'bzr', 'revision'].some((member) => member in members)) return 'commit'
  return members['path'] === undefined ? 'release' : 'folder'
}
