// Purpose:  list the packages that a Julia manifest pins.
// Spec:     Pkg, Manifest.toml of format 1 (tables of packages) and 2 (the same under `deps`).
// Input:    bytes of a Manifest.toml from an image; hostile.
// Deviates: packages of a path are the project's own code; those of the standard library, without a version, are part of Julia itself.
// Unknowns: what was fetched and has no version is a problem.
import { isMembers, listOf, membersOf, readToml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'

export const juliaManifest: Extractor = {
  id: 'julia-manifest',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['Manifest.toml', 'JuliaManifest.toml']),
  extract: extractManifest,
}

function extractManifest(path: string, bytes: Uint8Array): Extraction {
  const read = readToml(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const document = membersOf(read.value)
  const tables = isMembers(document['deps']) ? document['deps'] : document
  const list = startPackageList({ type: 'julia', path, evidence: 'declared' })
  for (const [name, value] of Object.entries(tables)) {
    for (const entry of listOf(value)) {
      const { version, path: folder, 'git-tree-sha1': tree, deps } = membersOf(entry)
      if (folder !== undefined || (version === undefined && tree === undefined)) continue
      list.add({ name, version: textOf(version) ?? '', dependsOn: namesOf(deps) })
    }
  }
  return list.extraction()
}

/** A list of names, or a table of names and ids where a name is there twice. */
function namesOf(deps: unknown): readonly string[] {
  return isMembers(deps) ? Object.keys(deps) : listOf(deps).flatMap((name) => textOf(name) ?? [])
}
