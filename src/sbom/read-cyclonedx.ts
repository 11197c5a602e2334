// Purpose:  read the packages that a CycloneDX document declares.
// Spec:     CycloneDX 1.2 to 1.7, JSON; properties `syft:…`, `aquasecurity:trivy:…` and our own.
// Input:    a parsed document; hostile.
// Deviates: documents are read leniently: a member of the wrong type is passed over.
// Unknowns: a component that names no package is counted with the reason; more components than are read refuse the document.
import { distributionId } from '../ecosystems/parse-purl.ts'
import type { Distribution } from '../ecosystems/ecosystem.ts'
import { maxSbomPackages } from './inventory.ts'
import { isRecord, placeOf, recordsOf, textOf, type Members } from './members.ts'
import { ComponentTally, type ComponentFacts } from './read-package.ts'
import type { Declared } from './declared.ts'

/** A component in a component in …: assemblies are shallow. */
const maxNesting = 32
/** Files are listed too, by tens of thousands. */
const maxComponents = 4 * maxSbomPackages

/** The packages, or why the document cannot be read. */
export function readCycloneDx(document: Members): Declared | string {
  const version = textOf(document['specVersion']) ?? 'unknown'
  if (!/^1\.[2-7]$/.test(version))
    return `is CycloneDX ${version.slice(0, 20)}: 1.2 to 1.7 are read`
  const listed = allComponents(document)
  if (typeof listed === 'string') return listed
  const tally = new ComponentTally()
  for (const component of listed.filter(isPackage)) tally.add(factsOf(component))
  const { components, refused } = tally
  if (components.length > maxSbomPackages) return `lists more than ${maxSbomPackages} packages`
  const metadata = isRecord(document['metadata']) ? document['metadata'] : {}
  const root = isRecord(metadata['component']) ? metadata['component'] : {}
  const system = listed.find(isSystem)
  return {
    format: `CycloneDX ${version}`,
    subject: textOf(root['name']),
    distribution: system === undefined ? undefined : distributionOf(system),
    components,
    refused,
    gaps: gapsOf(document, metadata, root),
  }
}

function allComponents(document: Members): readonly Members[] | string {
  const found: Members[] = []
  let level = recordsOf(document['components'])
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxNesting) return `has components nested deeper than ${maxNesting} levels`
    for (const component of level) found.push(component)
    if (found.length > maxComponents) return `has more than ${maxComponents} components`
    level = level.flatMap((component) => recordsOf(component['components']))
  }
  return found
}

function isSystem(component: Members): boolean {
  return component['type'] === 'operating-system'
}

/** Files and data are none; a lock file listed as an application has no version, and what it holds is listed beside it. */
function isPackage(component: Members): boolean {
  if (textOf(component['purl']) !== undefined) return true
  const type = textOf(component['type']) ?? ''
  if (noPackages.has(type)) return false
  return textOf(component['version']) !== undefined
}

const noPackages = new Set(['file', 'data', 'cryptographic-asset', 'operating-system'])

function nameOf(component: Members): string {
  const group = textOf(component['group'])
  const name = textOf(component['name']) ?? 'without a name'
  return group === undefined ? name : `${group}/${name}`
}

function propertiesOf(component: Members): ReadonlyMap<string, string> {
  return new Map(
    recordsOf(component['properties']).flatMap(({ name, value }) =>
      typeof name === 'string' && typeof value === 'string' && value !== '' ? [[name, value]] : [],
    ),
  )
}

function factsOf(component: Members): ComponentFacts {
  const properties = propertiesOf(component)
  const source = sourceOf(properties)
  const module = moduleOf(properties)
  const supplier = isRecord(component['supplier'])
    ? textOf(component['supplier']['name'])
    : undefined
  const vendor = textOf(component['publisher']) ?? supplier
  return {
    purl: textOf(component['purl']),
    name: nameOf(component),
    path: placeOf(pathOf(component, properties)),
    licenses: licencesOf(component),
    isDevelopment: component['scope'] === 'excluded',
    ...(source === undefined ? {} : { source }),
    ...(module === undefined ? {} : { module }),
    ...(vendor === undefined ? {} : { vendor }),
  }
}

function pathOf(component: Members, properties: ReadonlyMap<string, string>): string | undefined {
  const { evidence } = component
  const [first] = isRecord(evidence) ? recordsOf(evidence['occurrences']) : []
  return (
    textOf(first?.['location']) ??
    properties.get('syft:location:0:path') ??
    properties.get('aquasecurity:trivy:FilePath')
  )
}

function sourceOf(properties: ReadonlyMap<string, string>): ComponentFacts['source'] {
  const name =
    properties.get('pratique:source:name') ??
    properties.get('syft:metadata:source') ??
    properties.get('syft:metadata:originPackage') ??
    properties.get('aquasecurity:trivy:SrcName')
  if (name === undefined) return undefined
  const version =
    properties.get('pratique:source:version') ??
    properties.get('syft:metadata:sourceVersion') ??
    trivySourceVersion(properties)
  return version === undefined ? { name } : { name, version }
}

/** Trivy parts a version: epoch, version, release. */
function trivySourceVersion(properties: ReadonlyMap<string, string>): string | undefined {
  const version = properties.get('aquasecurity:trivy:SrcVersion')
  if (version === undefined) return undefined
  const epoch = properties.get('aquasecurity:trivy:SrcEpoch')
  const release = properties.get('aquasecurity:trivy:SrcRelease')
  const whole = release === undefined ? version : `${version}-${release}`
  return epoch === undefined || epoch === '0' ? whole : `${epoch}:${whole}`
}

/** `nodejs:18:8060020220523:ad008a3a` is stream 18 of nodejs. */
function moduleOf(properties: ReadonlyMap<string, string>): string | undefined {
  const own = properties.get('pratique:module')
  const label =
    properties.get('syft:metadata:modularityLabel') ??
    properties.get('aquasecurity:trivy:Modularitylabel')
  return own ?? (label === undefined ? undefined : label.split(':').slice(0, 2).join(':'))
}

const maxLicences = 20

function licencesOf(component: Members): readonly string[] {
  return recordsOf(component['licenses'])
    .slice(0, maxLicences)
    .flatMap(({ license, expression }) => {
      const named = isRecord(license)
        ? (textOf(license['id']) ?? textOf(license['name']))
        : undefined
      return textOf(expression) ?? named ?? []
    })
}

function distributionOf(component: Members): Distribution | undefined {
  const properties = propertiesOf(component)
  const name = properties.get('syft:distro:id') ?? textOf(component['name'])
  if (name === undefined) return undefined
  const versionId = properties.get('syft:distro:versionID') ?? textOf(component['version'])
  const codename =
    properties.get('pratique:distribution:codename') ??
    properties.get('syft:distro:versionCodename')
  const prettyName = textOf(component['description'])
  const like = recordsOf(component['properties']).filter((it) =>
    /^(?:pratique:distribution:id-like|syft:distro:idLike:\d+)$/.test(String(it['name'])),
  )
  return {
    id: distributionId(name),
    ...(versionId === undefined ? {} : { versionId }),
    ...(codename === undefined ? {} : { codename }),
    ...(prettyName === undefined ? {} : { prettyName }),
    idLike: like.flatMap(({ value }) => textOf(value) ?? []),
  }
}

/** What a document says of itself: our own gaps, and that the list of what it is about is not whole. */
function gapsOf(document: Members, metadata: Members, root: Members): readonly string[] {
  const own = recordsOf(metadata['properties']).flatMap(({ name, value }) =>
    name === 'pratique:coverage' && typeof value === 'string' ? [value.slice(0, 500)] : [],
  )
  const ref = textOf(root['bom-ref'])
  const isIncomplete = recordsOf(document['compositions']).some(
    ({ aggregate, assemblies }) =>
      textOf(aggregate)?.startsWith('incomplete') === true &&
      Array.isArray(assemblies) &&
      assemblies.includes(ref),
  )
  return [...own, ...(isIncomplete ? ['the document says itself that it is incomplete'] : [])]
}
