// Purpose:  list the packages that NuGet locked.
// Spec:     NuGet, "Locking dependencies": packages.lock.json versions 1 and 2.
// Input:    bytes of packages.lock.json; hostile.
// Deviates: projects are the image's own code and are not listed; a package of several frameworks is listed once.
// Unknowns: an entry without a resolved version is a problem.
import { entriesOf, isMembers, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'

export const packagesLock: Extractor = {
  id: 'dotnet-packages-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => path.endsWith('packages.lock.json'),
  extract: extractPackagesLock,
}

function extractPackagesLock(path: string, bytes: Uint8Array): Extraction {
  const reading = readJson(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  if (!isMembers(reading.value)) return unreadable(path, 'is not a JSON object')
  const list = startPackageList({ type: 'nuget', path, evidence: 'declared' })
  for (const [, framework] of entriesOf(reading.value['dependencies'])) {
    for (const [name, entry] of entriesOf(framework)) {
      const { type, resolved, dependencies } = membersOf(entry)
      if (textOf(type)?.toLowerCase() === 'project') continue
      const dependsOn = entriesOf(dependencies).map(([needed]) => needed)
      list.add({ name, version: textOf(resolved) ?? '', dependsOn })
    }
  }
  return list.extraction()
}
