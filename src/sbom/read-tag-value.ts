// Purpose:  read SPDX's tag-value form to the members that its JSON form has.
// Spec:     SPDX 2.3 annex on the tag-value format.
// Input:    bytes; hostile.
// Deviates: only what names packages is read; files and snippets are passed over.
// Unknowns: a line that is no tag is passed over, as comments are.
import { decodeText } from '../ecosystems/rfc822.ts'
import { maxSbomPackages } from './inventory.ts'
import type { Declared } from './declared.ts'
import { readSpdx } from './read-spdx.ts'

type Entry = Record<string, unknown>

/** Tags of a package → members of the JSON form. */
const packageTags: ReadonlyMap<string, string> = new Map([
  ['PackageName', 'name'],
  ['SPDXID', 'SPDXID'],
  ['PackageVersion', 'versionInfo'],
  ['PackageSourceInfo', 'sourceInfo'],
  ['PackageSupplier', 'supplier'],
  ['PackageLicenseDeclared', 'licenseDeclared'],
  ['PrimaryPackagePurpose', 'primaryPackagePurpose'],
])
const documentTags: ReadonlyMap<string, string> = new Map([
  ['SPDXVersion', 'spdxVersion'],
  ['DocumentName', 'name'],
])

/** As `readSpdx` reads the same document in JSON. */
export function readTagValue(bytes: Uint8Array): Declared | string {
  const document: Entry = {}
  const packages: Entry[] = []
  const relationships: Entry[] = []
  const annotations: Entry[] = []
  // A tag speaks of the package or file that was named last.
  let current: Entry | undefined
  for (const [tag, value] of tagsIn(decodeText(bytes))) {
    if (tag === 'PackageName') {
      current = { externalRefs: [] }
      packages.push(current)
      if (packages.length > maxSbomPackages) return `lists more than ${maxSbomPackages} packages`
    }
    if (tag === 'FileName' || tag === 'SnippetSPDXID') current = {}
    if (tag === 'Relationship') relationships.push(relationOf(value))
    else if (tag === 'AnnotationComment') annotations.push({ comment: value })
    else if (tag === 'ExternalRef') addReference(current, value)
    else assign(current ?? document, current === undefined ? documentTags : packageTags, tag, value)
  }
  return readSpdx({ ...document, packages, relationships, annotations })
}

/** A value in `<text>` goes on to its end; a text that never ends takes the rest. */
function* tagsIn(text: string): Generator<readonly [tag: string, value: string]> {
  const line = /^([A-Za-z]+):[ \t]*(?:<text>([^]*?)(?:<\/text>|$(?![^]))|([^\n]*))/gm
  for (const [, tag = '', quoted, plain = ''] of text.matchAll(line)) {
    yield [tag, (quoted ?? plain).trim()]
  }
}

function assign(
  entry: Entry,
  names: ReadonlyMap<string, string>,
  tag: string,
  value: string,
): void {
  const member = names.get(tag)
  if (member !== undefined) entry[member] ??= value
}

function relationOf(value: string): Entry {
  const [spdxElementId, relationshipType, relatedSpdxElement] = value.split(/\s+/)
  return { spdxElementId, relationshipType, relatedSpdxElement }
}

function addReference(current: Entry | undefined, value: string): void {
  const [, referenceType, referenceLocator] = value.split(/\s+/)
  const list = current?.['externalRefs']
  if (Array.isArray(list)) list.push({ referenceType, referenceLocator })
}
