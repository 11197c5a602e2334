// Purpose:  read the packages that an SPDX document declares.
// Spec:     SPDX 2.2 and 2.3, JSON; `sourceInfo` as Trivy and we write it.
// Input:    a parsed document, or one that was tag-value; hostile.
// Deviates: documents are read leniently: a member of the wrong type is passed over.
// Unknowns: a package without a package URL is counted; that which the document describes is what holds the others.
import { distributionId } from '../ecosystems/parse-purl.ts'
import type { Distribution } from '../ecosystems/ecosystem.ts'
import { maxSbomPackages } from './inventory.ts'
import { placeOf, recordsOf, textOf, type Members } from './members.ts'
import { ComponentTally, type ComponentFacts } from './read-package.ts'
import type { Declared } from './declared.ts'

/** The packages, or why the document cannot be read. */
export function readSpdx(document: Members): Declared | string {
  const version = textOf(document['spdxVersion']) ?? 'unknown'
  if (!/^SPDX-2\.[23]$/.test(version))
    return `is ${version.slice(0, 20)}: SPDX-2.2 and 2.3 are read`
  const packages = recordsOf(document['packages'])
  if (packages.length > maxSbomPackages) return `lists more than ${maxSbomPackages} packages`
  const roots = describedBy(document)
  const tally = new ComponentTally()
  for (const entry of packages) {
    const facts = factsOf(entry)
    const isRoot = facts.purl === undefined && roots.has(textOf(entry['SPDXID']) ?? '')
    if (!isRoot && !isSystem(entry)) tally.add(facts)
  }
  const { components, refused } = tally
  const system = packages.find(isSystem)
  return {
    format: version,
    subject: textOf(document['name']),
    distribution: system === undefined ? undefined : distributionOf(system),
    components,
    refused,
    gaps: gapsOf(document),
  }
}

function describedBy(document: Members): ReadonlySet<string> {
  const listed = document['documentDescribes']
  const related = recordsOf(document['relationships']).flatMap((relation) =>
    relation['relationshipType'] === 'DESCRIBES' ? [relation['relatedSpdxElement']] : [],
  )
  const all: readonly unknown[] = Array.isArray(listed) ? related.concat(listed) : related
  return new Set(all.filter((id) => typeof id === 'string'))
}

/** The schema has an underscore, the text of the specification a hyphen: both are written. */
function isSystem(entry: Members): boolean {
  return /^OPERATING[_-]SYSTEM$/.test(textOf(entry['primaryPackagePurpose']) ?? '')
}

function distributionOf(entry: Members): Distribution | undefined {
  const name = textOf(entry['name'])
  const versionId = textOf(entry['versionInfo'])
  if (name === undefined) return undefined
  return { id: distributionId(name), ...(versionId === undefined ? {} : { versionId }), idLike: [] }
}

function factsOf(entry: Members): ComponentFacts {
  const references = recordsOf(entry['externalRefs'])
  const purl = references.find(({ referenceType }) => referenceType === 'purl')
  const sourceInfo = (textOf(entry['sourceInfo']) ?? '').slice(0, 8192)
  const source = sourceIn(sourceInfo)
  const licence = textOf(entry['licenseDeclared'])
  const vendor = /^(?:Organization|Person): (.+)$/s.exec(textOf(entry['supplier']) ?? '')?.[1]
  return {
    purl: textOf(purl?.['referenceLocator']),
    name: textOf(entry['name']) ?? 'without a name',
    path: placeOf(pathIn(sourceInfo)),
    licenses: licence === undefined || /^(?:NOASSERTION|NONE)$/.test(licence) ? [] : [licence],
    isDevelopment: isForDevelopment(sourceInfo),
    ...(source === undefined ? {} : { source }),
    ...(vendor === undefined ? {} : { vendor }),
  }
}

/** Trivy: `built package from: glibc 2.36-9`. Our own purls have it. */
function sourceIn(sourceInfo: string): ComponentFacts['source'] {
  const match = /^built package from: ([^\s;]{1,256}) ([^\s;]{1,256})/.exec(sourceInfo)
  const [, name, version] = match ?? []
  return name === undefined || version === undefined ? undefined : { name, version }
}

/** As we write it; what stands in the quoted path is the image's own text. */
function isForDevelopment(sourceInfo: string): boolean {
  return /; for development only(?:;|$)/.test(sourceInfo.replace(/"(?:[^"\\]|\\.)*"/, ''))
}

/** Syft: `acquired package info from DPKG DB: /var/lib/dpkg/status`; ours: `found by … in "…"`. */
function pathIn(sourceInfo: string): string | undefined {
  const quoted = / in ("(?:[^"\\]|\\.)*")/.exec(sourceInfo)?.[1]
  if (quoted !== undefined) return unquote(quoted)
  return /^acquired package info from [^:]{1,200}: ([^,]+)/.exec(sourceInfo)?.[1]
}

function unquote(quoted: string): string | undefined {
  try {
    return textOf(JSON.parse(quoted))
  } catch {
    return undefined
  }
}

function gapsOf(document: Members): readonly string[] {
  return recordsOf(document['annotations']).flatMap(({ comment }) => {
    const gap = /^coverage: incomplete: (.+)$/s.exec(textOf(comment) ?? '')?.[1]
    return gap === undefined ? [] : [gap.slice(0, 500)]
  })
}
