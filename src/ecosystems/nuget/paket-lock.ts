// Purpose:  list the packages that Paket locked.
// Spec:     Paket, "The paket.lock file": sections by source, two spaces for each level.
// Input:    bytes of paket.lock; hostile.
// Deviates: single files and repositories of GITHUB, GIST, GIT and HTTP are no NuGet packages and are not listed.
// Unknowns: a file that has no section is no lock file of Paket: a problem, unless it is empty.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, type FoundPackage } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'

export const paketLock: Extractor = {
  id: 'dotnet-paket-lock',
  revision: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => /(?:^|\/)paket\.lock$/.test(path),
  extract: extractPaketLock,
}

type Locked = FoundPackage & { readonly dependsOn: string[] }

function extractPaketLock(path: string, bytes: Uint8Array): Extraction {
  const list = startPackageList({ type: 'nuget', path, evidence: 'declared' })
  const text = decodeText(bytes)
  const locked: Locked[] = []
  let section = ''
  for (const line of text.split(/\r?\n/)) {
    section = /^([A-Z]+)\s*$/.exec(line)?.[1] ?? section
    if (section === 'NUGET') readLine(line, locked)
  }
  for (const found of locked) list.add(found)
  if (section === '' && text.trim() !== '') list.problem('is no lock file of Paket')
  return list.extraction()
}

/** Four spaces before a package and its version, six before what the package needs. */
function readLine(line: string, locked: Locked[]): void {
  const [, indent = '', name = '', version = ''] =
    /^( +)([^\s()]+)(?: +\(([^()]*)\))?/.exec(line) ?? []
  if (indent.length === 4 && version !== '') locked.push({ name, version, dependsOn: [] })
  else if (indent.length === 6) locked.at(-1)?.dependsOn.push(name)
}
