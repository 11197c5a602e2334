// Purpose:  list the C and C++ packages that a Conan lock file promises.
// Spec:     Conan 1, conan.lock (`graph_lock.nodes`, versions 0.0 to 0.4); Conan 2, conan.lock (`requires`, version 0.5).
// Input:    bytes of a conan.lock from an image; hostile.
// Deviates: the node of the project itself is no package; what is needed to build only is for development.
// Unknowns: a reference without a version is a problem.
import { entriesOf, isMembers, listOf, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'

export const conanLock: Extractor = {
  id: 'conan-lock',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['conan.lock']),
  extract: extractLock,
}

type Members = Readonly<Record<string, unknown>>

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const document = membersOf(read.value)
  const graph = document['graph_lock']
  const list = startPackageList({ type: 'conan', path, evidence: 'declared' })
  if (isMembers(graph)) addNodes(membersOf(graph['nodes']), list)
  else if (Array.isArray(document['requires'])) {
    for (const one of document['requires']) addReference(one, list, {})
    for (const kind of ['build_requires', 'python_requires']) {
      for (const one of listOf(document[kind])) addReference(one, list, { isDevelopment: true })
    }
  } else return unreadable(path, 'is not a lock file of Conan')
  return list.extraction()
}

function addNodes(nodes: Members, list: PackageList): void {
  const needed = new Set<unknown>()
  const built = new Set<unknown>()
  for (const [, node] of entriesOf(nodes)) {
    const { requires, build_requires: build } = membersOf(node)
    for (const id of idsOf(requires)) needed.add(id)
    for (const id of idsOf(build)) built.add(id)
  }
  for (const [id, node] of entriesOf(nodes)) {
    const { ref, pref, context, requires } = membersOf(node)
    const reference = textOf(ref) ?? textOf(pref)
    // Nobody needs the project itself.
    const isProject = !needed.has(id) && !built.has(id)
    if (isProject || reference === undefined) continue
    addReference(reference, list, {
      isDevelopment: context === 'build' || !needed.has(id),
      dependsOn: idsOf(requires).flatMap((other) => labelOf(membersOf(nodes)[other])),
    })
  }
}

/** A list of ids, or, of old, an object of references to ids. */
function idsOf(value: unknown): readonly string[] {
  const ids = Array.isArray(value) ? listOf(value) : Object.values(membersOf(value))
  return ids.flatMap((id) => textOf(id) ?? [])
}

function labelOf(node: unknown): readonly string[] {
  const { ref, pref } = membersOf(node)
  const read = readReference(textOf(ref) ?? textOf(pref) ?? '')
  return read === undefined ? [] : [`${read.name}@${read.version}`]
}

function addReference(
  value: unknown,
  list: PackageList,
  marks: { readonly isDevelopment?: boolean; readonly dependsOn?: readonly string[] },
): void {
  const read = readReference(textOf(value) ?? '')
  if (read === undefined) list.problem(`${quote(textOf(value) ?? '')} is no name with a version`)
  else list.add({ ...read, ...marks })
}

/** `name/version@user/channel#revision:package%time`. */
function readReference(
  text: string,
): { readonly name: string; readonly version: string } | undefined {
  const [, name, version] = /^([^/@#:%\s]+)\/([^/@#:%\s]+)/.exec(text) ?? []
  return name === undefined || version === undefined ? undefined : { name, version }
}
