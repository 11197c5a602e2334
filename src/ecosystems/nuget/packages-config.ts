// Purpose:  list the packages of a .NET Framework project.
// Spec:     NuGet, packages.config reference.
// Input:    bytes of packages.config; hostile.
// Deviates: nothing.
// Unknowns: a package without id or version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { readXml } from '../xml-document.ts'

export const packagesConfig: Extractor = {
  id: 'dotnet-packages-config',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => /(?:^|\/)packages(?:\.[^/]+)?\.config$/i.test(path),
  extract: extractPackagesConfig,
}

function extractPackagesConfig(path: string, bytes: Uint8Array): Extraction {
  const reading = readXml(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  if (reading.root.name !== 'packages') return unreadable(path, 'is no list of packages')
  const list = startPackageList({ type: 'nuget', path, evidence: 'declared' })
  for (const { name: element, attributes } of reading.root.children) {
    if (element !== 'package') continue
    const [id = '', version = ''] = ['id', 'version'].map((key) => attributes.get(key)?.trim())
    const isDevelopment = attributes.get('developmentDependency')?.toLowerCase() === 'true'
    list.add({ name: id, version, isDevelopment })
  }
  return list.extraction()
}
