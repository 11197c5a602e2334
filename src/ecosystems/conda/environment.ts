// Purpose:  list what a conda environment file pins.
// Spec:     conda, environment.yml: `dependencies`, `name=version=build`; `pip` with requirements of its own.
// Input:    bytes of an environment.yml from an image; hostile.
// Deviates: ranges, and names without a version, ask for something and pin nothing: they are passed over.
// Unknowns: a file that is no such thing, but has the name, is a problem only where it has dependencies that cannot be read.
import { isMembers, listOf, readYaml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'

export const condaEnvironment: Extractor = {
  id: 'conda-environment',
  revision: 1,
  maxBytes: 1024 * 1024,
  wants: (path) => isProjectFile(path, ['environment.yml', 'environment.yaml']),
  extract: extractEnvironment,
}

/** `channel::name=1.2=build` or `name==1.2`; a star or a comparison makes it a range. */
const pinned = /^(?:([^\s:]+)::)?([\w.-]+)\s*={1,2}\s*([\w.!+]+)(?:=[\w.]+)?$/
const pipPinned = /^([\w.-]+)(?:\[[^\]]*\])?\s*==\s*([\w.!+-]+)\s*(?:;.*)?$/

function extractEnvironment(path: string, bytes: Uint8Array): Extraction {
  const read = readYaml(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const [document] = listOf(read.value)
  const list = startPackageList({ type: 'conda', path, evidence: 'declared' })
  if (!isMembers(document)) return list.extraction()
  for (const entry of listOf(document['dependencies'])) {
    if (isMembers(entry)) addPip(entry['pip'], list)
    const [, vendor, name, version] = pinned.exec(textOf(entry) ?? '') ?? []
    if (name === undefined || version === undefined) continue
    list.add({ name, version, ...(vendor !== undefined && { vendor }) })
  }
  return list.extraction()
}

function addPip(requirements: unknown, list: PackageList): void {
  for (const requirement of listOf(requirements)) {
    const [, name, version] = pipPinned.exec(textOf(requirement) ?? '') ?? []
    if (name !== undefined && version !== undefined) list.add({ type: 'pypi', name, version })
  }
}
