// Purpose:  list the packages that Poetry locked.
// Spec:     Poetry, poetry.lock versions 1.0 to 2.1.
// Input:    bytes of poetry.lock; hostile.
// Deviates: a package from a local folder is the project's own code and is not listed.
// Unknowns: which packages are for development only is not told between 1.2 and 2.0; none is marked then.
import { entriesOf, listOf, membersOf, readToml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { addLockedPackages, type LockedPackage, type LockSource } from './lock-sources.ts'

export const poetryLock: Extractor = {
  id: 'python-poetry-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  packageManager: 'POETRY',
  wants: (path) => isProjectFile(path, ['poetry.lock']),
  extract: extractPoetryLock,
}

function extractPoetryLock(path: string, bytes: Uint8Array): Extraction {
  const reading = readToml(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  const list = startPackageList({ type: 'pypi', path, evidence: 'declared' })
  const packages: LockedPackage[] = []
  for (const entry of listOf(membersOf(reading.value)['package'])) {
    const { name, version, category, groups, source, dependencies } = membersOf(entry)
    const inGroups = listOf(groups)
    packages.push({
      name: textOf(name),
      version: textOf(version),
      source: sourceOf(membersOf(source)['type']),
      dependsOn: entriesOf(dependencies).map(([needed]) => needed),
      isDevelopment: category === 'dev' || (inGroups.length > 0 && !inGroups.includes('main')),
    })
  }
  addLockedPackages(list, packages)
  return list.extraction()
}

function sourceOf(type: unknown): LockSource {
  if (type === 'git' || type === 'hg') return 'commit'
  return type === 'directory' ? 'folder' : 'release'
}
