// Purpose:  list the packages that Pipenv locked.
// Spec:     Pipenv, Pipfile.lock (pipfile-spec 6): `default`, `develop` and categories of one's own.
// Input:    bytes of Pipfile.lock; hostile.
// Deviates: a package from a local folder is the project's own code and is not listed.
// Unknowns: a package without a pinned version is a problem.
import { entriesOf, isMembers, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { addLockedPackages, type LockedPackage, type LockSource } from './lock-sources.ts'

export const pipfileLock: Extractor = {
  id: 'python-pipfile-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  packageManager: 'PIPENV',
  wants: (path) => isProjectFile(path, ['Pipfile.lock']),
  extract: extractPipfileLock,
}

function extractPipfileLock(path: string, bytes: Uint8Array): Extraction {
  const reading = readJson(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  if (!isMembers(reading.value)) return unreadable(path, 'is not a JSON object')
  const list = startPackageList({ type: 'pypi', path, evidence: 'declared' })
  const packages: LockedPackage[] = []
  for (const [category, entries] of entriesOf(reading.value)) {
    if (category === '_meta') continue
    for (const [name, entry] of entriesOf(entries)) {
      if (!isMembers(entry)) continue
      packages.push({
        name,
        version: textOf(entry['version'])?.replace(/^={2,3}\s*/, ''),
        source: sourceOf(entry),
        isDevelopment: category === 'develop',
      })
    }
  }
  addLockedPackages(list, packages)
  return list.extraction()
}

function sourceOf(entry: Readonly<Record<string, unknown>>): LockSource {
  if (['git', 'hg', 'svn', 'bzr', 'ref'].some((member) => member in entry)) return 'commit'
  return 'path' in entry || 'editable' in entry ? 'folder' : 'release'
}
