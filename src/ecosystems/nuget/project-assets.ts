// Purpose:  list the packages that NuGet restored for a build.
// Spec:     NuGet, obj/project.assets.json version 3: libraries, targets.
// Input:    bytes of project.assets.json; hostile.
// Deviates: projects are the image's own code and are not listed.
// Unknowns: an entry that is no NAME/VERSION is a problem.
import { entriesOf, isMembers, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable } from '../package-list.ts'

export const projectAssets: Extractor = {
  id: 'dotnet-project-assets',
  revision: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => path.endsWith('project.assets.json'),
  extract: extractAssets,
}

function extractAssets(path: string, bytes: Uint8Array): Extraction {
  const reading = readJson(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  if (!isMembers(reading.value)) return unreadable(path, 'is not a JSON object')
  const { libraries, targets } = reading.value
  const needs = needsByLibrary(targets)
  const list = startPackageList({ type: 'nuget', path, evidence: 'declared' })
  for (const [key, library] of entriesOf(libraries)) {
    if (textOf(membersOf(library)['type'])?.toLowerCase() !== 'package') continue
    const [, name, version] = /^([^/]+)\/([^/]+)$/.exec(key) ?? []
    if (name === undefined || version === undefined)
      list.problem(`the library ${quote(key)} is no name and version`)
    else list.add({ name, version, dependsOn: [...(needs.get(key) ?? [])] })
  }
  return list.extraction()
}

/** Of all frameworks together. Versions there are the lowest allowed, not those that were taken. */
function needsByLibrary(targets: unknown): ReadonlyMap<string, ReadonlySet<string>> {
  const needs = new Map<string, Set<string>>()
  for (const [, target] of entriesOf(targets)) {
    for (const [key, library] of entriesOf(target)) {
      const known = needs.get(key) ?? new Set()
      for (const [name] of entriesOf(membersOf(library)['dependencies'])) known.add(name)
      needs.set(key, known)
    }
  }
  return needs
}
