// Purpose:  list the Julia packages that are in a depot.
// Spec:     Pkg, `packages/NAME/SLUG/Project.toml` below a depot (by default `~/.julia`).
// Input:    bytes of such a Project.toml from an image; hostile.
// Deviates: nothing.
// Unknowns: a package without a name or version is a problem.
import { membersOf, readToml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'

export const juliaDepot: Extractor = {
  id: 'julia-depot',
  revision: 1,
  maxBytes: 1024 * 1024,
  wants: (path) =>
    /(?:^|\/)packages\/[A-Z]\w*\/[A-Za-z0-9]{5}\/(?:Julia)?Project\.toml$/.test(path),
  extract: extractProject,
}

function extractProject(path: string, bytes: Uint8Array): Extraction {
  const read = readToml(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const { name, version, deps } = membersOf(read.value)
  if (textOf(name) === undefined) return unreadable(path, 'has no name')
  const list = startPackageList({ type: 'julia', path, evidence: 'installed' })
  list.add({
    name: textOf(name) ?? '',
    version: textOf(version) ?? '',
    dependsOn: Object.keys(membersOf(deps)),
  })
  return list.extraction()
}
