// Purpose:  list the components of Bitnami's images, and the libraries that their documents declare.
// Spec:     SPDX 2.3 in JSON, /opt/bitnami/COMPONENT/.spdx-COMPONENT.spdx; purl-spec's type `bitnami`.
// Input:    bytes of such a document from an image; hostile.
// Deviates: libraries of other kinds (jars, modules) count as declared: their own files speak for them where they are there.
// Unknowns: a document that is no SPDX in JSON or lists nothing, and packages of kinds that are not read here, are problems.
import { parsePurl, type Purl } from '../../lib/purl.ts'
import { listOf, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable, type FoundPackage } from '../package-list.ts'

export const bitnamiSpdx: Extractor = {
  id: 'bitnami-spdx',
  revision: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => /^opt\/bitnami\/(?:[^/]+\/)*\.spdx-[^/]+\.spdx$/.test(path),
  extract: extractDocument,
}

/** Whose name has its namespace in it, and how. */
const nameOf: Readonly<Record<string, (purl: Purl) => string>> = {
  maven: ({ namespace, name }) => (namespace === undefined ? name : `${namespace}:${name}`),
  ...Object.fromEntries(
    ['npm', 'golang', 'composer', 'pypi', 'gem', 'cargo', 'nuget'].map((type) => [
      type,
      ({ namespace, name }: Purl) => (namespace === undefined ? name : `${namespace}/${name}`),
    ]),
  ),
}

function extractDocument(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const document = membersOf(read.value)
  if (!/^SPDX-2\.[0-9]$/.test(textOf(document['spdxVersion']) ?? ''))
    return unreadable(path, 'is no SPDX document of version 2')
  const entries = listOf(document['packages']).map(membersOf)
  const names = new Map(entries.map((entry) => [textOf(entry['SPDXID']) ?? '', labelOf(entry)]))
  const needs = needsIn(document, names)
  const list = startPackageList({ type: 'bitnami', path, evidence: 'installed' })
  let others = 0
  for (const entry of entries) {
    const found = packageOf(entry, needs.get(textOf(entry['SPDXID']) ?? '') ?? [])
    if (found === undefined) others += 1
    else list.add(found)
  }
  if (entries.length === 0) list.problem('lists no packages')
  if (others > 0) list.problem(`lists ${others} packages of kinds that are not read here`)
  return list.extraction()
}

type Members = ReturnType<typeof membersOf>

function packageOf(entry: Members, dependsOn: readonly string[]): FoundPackage | undefined {
  const purl = purlOf(entry)
  const named = purl ?? {
    type: 'bitnami',
    name: textOf(entry['name']) ?? '',
    qualifiers: new Map<string, string>(),
  }
  const version = named.version ?? textOf(entry['versionInfo']) ?? ''
  const architecture = named.qualifiers.get('arch')
  const common = { version, licenses: licensesOf(entry), dependsOn }
  if (named.type === 'bitnami')
    return { name: named.name, ...common, ...(architecture !== undefined && { architecture }) }
  const name = Object.hasOwn(nameOf, named.type) ? nameOf[named.type]?.(named) : undefined
  return name === undefined
    ? undefined
    : { type: named.type, name, ...common, evidence: 'declared' }
}

function purlOf(entry: Members): Purl | undefined {
  for (const reference of listOf(entry['externalRefs'])) {
    const { referenceType, referenceLocator } = membersOf(reference)
    if (referenceType === 'purl') return parsePurl(textOf(referenceLocator) ?? '')
  }
  return undefined
}

function licensesOf(entry: Members): readonly string[] {
  const told = textOf(entry['licenseDeclared']) ?? textOf(entry['licenseConcluded'])
  return told === undefined || /^(?:NOASSERTION|NONE)$/.test(told) ? [] : [told]
}

/** `name@version`. */
function labelOf(entry: Members): string {
  return `${textOf(entry['name']) ?? ''}@${textOf(entry['versionInfo']) ?? ''}`
}

/** What each element contains or depends on, by its id. */
function needsIn(
  document: Members,
  names: ReadonlyMap<string, string>,
): ReadonlyMap<string, readonly string[]> {
  const needs = new Map<string, string[]>()
  for (const relationship of listOf(document['relationships'])) {
    const { spdxElementId, relationshipType, relatedSpdxElement } = membersOf(relationship)
    const label = names.get(textOf(relatedSpdxElement) ?? '')
    const from = textOf(spdxElementId)
    const isNeed = relationshipType === 'CONTAINS' || relationshipType === 'DEPENDS_ON'
    if (!isNeed || label === undefined || from === undefined) continue
    const known = needs.get(from) ?? []
    needs.set(from, known)
    known.push(label)
  }
  return needs
}
