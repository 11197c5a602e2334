// Purpose:  list the components of Bitnami's older images.
// Spec:     none published: /opt/bitnami/.bitnami_components.json, {NAME: {arch, distro, type, version}}.
// Input:    bytes of such a file from an image; hostile.
// Deviates: nothing.
// Unknowns: a component without a version is a problem.
import { isMembers, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'

export const bitnamiComponents: Extractor = {
  id: 'bitnami-components',
  revision: 1,
  maxBytes: 1024 * 1024,
  wants: (path) => path === 'opt/bitnami/.bitnami_components.json',
  extract: extractComponents,
}

function extractComponents(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  if (!isMembers(read.value)) return unreadable(path, 'is no list of components')
  const list = startPackageList({ type: 'bitnami', path, evidence: 'installed' })
  for (const [name, value] of Object.entries(read.value)) {
    const { version, arch } = membersOf(value)
    const architecture = textOf(arch)
    list.add({
      name,
      version: textOf(version) ?? '',
      ...(architecture !== undefined && { architecture }),
    })
  }
  return list.extraction()
}
