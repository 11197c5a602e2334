// Purpose:  write an inventory as a CycloneDX document.
// Spec:     CycloneDX 1.6, JSON.
// Input:    an inventory; its names, versions and paths are text from images.
// Deviates: nothing; what the specification has no place for are properties named `pratique:…`.
// Unknowns: a list that is not whole says so in `compositions` and in `pratique:coverage`; relations that no file tells of
//           are left out, and no component is said to have none.
import type { Distribution, PackageEvidence } from '../ecosystems/ecosystem.ts'
import { formatPurl } from '../ecosystems/purl.ts'
import { findEcosystem } from '../ecosystems/table.ts'
import { listComponents, type SbomComponent } from './components.ts'
import { documentText, documentUuid, wholeSeconds, type JsonObject } from './document-text.ts'
import { formatImagePurl } from './image-purl.ts'
import type { SbomInventory, SbomSubject, SbomTool } from './inventory.ts'
import { readLicence, type Licence } from './licences.ts'
import { vulnerabilitiesOf } from './write-vulnerabilities.ts'

const rootRef = 'image'
const systemRef = 'operating-system'
/** The schema's own. */
const maxVersionLength = 1024

/** The document's text: the same for the same inventory and tool. */
export function writeCycloneDx(inventory: SbomInventory, tool: SbomTool): string {
  const components = listComponents(inventory.packages, inventory.distribution)
  const { distribution, findings } = inventory
  const content = {
    version: 1,
    metadata: metadataOf(inventory, tool),
    components: [
      ...(distribution === undefined ? [] : [systemOf(distribution)]),
      ...components.map((component) => componentOf(component, distribution)),
    ],
    dependencies: components.flatMap(({ ref, needs, needsKnown }) =>
      needsKnown === 'none' || (needsKnown === 'some' && needs.length === 0)
        ? []
        : [{ ref, dependsOn: needs }],
    ),
    compositions: compositionsOf(inventory, components),
    ...(findings === undefined
      ? {}
      : { vulnerabilities: vulnerabilitiesOf(findings.listed, components) }),
  }
  return documentText({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${documentUuid(content)}`,
    ...content,
  })
}

function metadataOf(
  { subject, scannedAt, gaps, findings }: SbomInventory,
  tool: SbomTool,
): JsonObject {
  const revision = findings === undefined ? [] : [String(findings.dataRevision)]
  return {
    timestamp: wholeSeconds(scannedAt),
    tools: { components: [{ type: 'application', name: tool.name, version: tool.version }] },
    component: subjectOf(subject),
    properties: [
      property('pratique:generated', 'true'),
      ...gaps.map((gap) => property('pratique:coverage', gap)),
      ...revision.map((value) => property('pratique:data-revision', value)),
      ...(findings?.gaps ?? []).map((gap) => property('pratique:findings-coverage', gap)),
    ],
  }
}

function subjectOf(subject: SbomSubject): JsonObject {
  const { name, digest, platform } = subject
  const purl = formatImagePurl(subject)
  return {
    type: digest === undefined ? 'file' : 'container',
    'bom-ref': rootRef,
    name,
    ...(digest === undefined ? {} : { version: digest }),
    ...(purl === undefined ? {} : { purl }),
    ...(platform === undefined ? {} : { properties: [property('pratique:platform', platform)] }),
  }
}

function systemOf({ id, versionId, codename, idLike, prettyName }: Distribution): JsonObject {
  const properties = [
    ...idLike.map((like) => property('pratique:distribution:id-like', like)),
    ...(codename === undefined ? [] : [property('pratique:distribution:codename', codename)]),
  ]
  return {
    type: 'operating-system',
    'bom-ref': systemRef,
    name: id,
    ...versionOf(versionId),
    ...(prettyName === undefined ? {} : { description: prettyName }),
    ...(properties.length === 0 ? {} : { properties }),
  }
}

/** One that is longer than the schema allows stands in the purl only: a part of it would be another version. */
function versionOf(version: string | undefined): { readonly version?: string } {
  return version === undefined || version.length > maxVersionLength ? {} : { version }
}

function componentOf(component: SbomComponent, distribution: Distribution | undefined): JsonObject {
  const { package: it, purl, path, evidence } = component
  const { group, name } = namesOf(component)
  const licenses = licencesOf(component.licenses ?? [])
  const { confidence, technique } = identities[evidence]
  return {
    type: 'library',
    'bom-ref': component.ref,
    ...(it.vendor === undefined ? {} : { publisher: it.vendor }),
    ...(group === undefined ? {} : { group }),
    name,
    ...versionOf(it.version),
    ...(component.isDevelopment === true ? { scope: 'excluded' } : {}),
    ...(licenses.length === 0 ? {} : { licenses }),
    purl,
    evidence: {
      identity: [{ field: 'purl', confidence, methods: [{ technique, confidence, value: path }] }],
      occurrences: [{ location: path }],
    },
    properties: propertiesOf(component, distribution),
  }
}

/** As purls have them: `@babel` and `core`. Of packages of a system the namespace is only whose they are. */
function namesOf({ package: it }: SbomComponent): {
  readonly group: string | undefined
  readonly name: string
} {
  const ecosystem = findEcosystem(it.type)
  if (ecosystem?.packageManager === 'OS') return { group: undefined, name: it.name }
  const named = ecosystem?.purlName?.(it.name)
  return { group: it.namespace ?? named?.namespace, name: named?.name ?? it.name }
}

const identities: Readonly<
  Record<PackageEvidence, { readonly confidence: number; readonly technique: string }>
> = {
  installed: { confidence: 1, technique: 'manifest-analysis' },
  declared: { confidence: 0.5, technique: 'manifest-analysis' },
  recognised: { confidence: 0.3, technique: 'binary-analysis' },
}

function propertiesOf(
  { package: it, ...component }: SbomComponent,
  distribution: Distribution | undefined,
): readonly JsonObject[] {
  const { owner, passedOver } = component
  const said: readonly (readonly [name: string, value: string | undefined])[] = [
    ['pratique:type', it.type],
    ['pratique:layer', component.layerDigest],
    ['pratique:extractor', component.extractorId],
    ['pratique:evidence', component.evidence],
    ['pratique:architecture', it.architecture],
    ['pratique:source:name', it.source?.name],
    ['pratique:source:version', it.source?.version],
    ['pratique:module', it.module],
    ['pratique:passed-over', passedOver],
    ['pratique:owner', owner === undefined ? undefined : formatPurl(owner, distribution)],
    ['pratique:dependencies', component.needsKnown === 'some' ? 'incomplete' : undefined],
  ]
  return said.flatMap(([name, value]) => (value === undefined ? [] : [property(name, value)]))
}

/** Either licences, or one expression alone: the schema has no third way. */
function licencesOf(said: readonly string[]): readonly JsonObject[] {
  const read = said.flatMap((text) => readLicence(text) ?? [])
  const [first] = read
  if (read.length === 1 && first?.kind === 'expression') return [{ expression: first.expression }]
  const byText = new Map(read.map((licence) => [JSON.stringify(licence), licence]))
  return [...byText.values()].map((licence) => ({ license: licenceOf(licence) }))
}

function licenceOf(licence: Licence): JsonObject {
  if (licence.kind === 'id') return { id: licence.id }
  return { name: licence.kind === 'name' ? licence.name : licence.expression }
}

function compositionsOf(
  { gaps }: SbomInventory,
  components: readonly SbomComponent[],
): readonly JsonObject[] {
  const needing = (known: SbomComponent['needsKnown']): readonly string[] =>
    components.filter(({ needsKnown }) => needsKnown === known).map(({ ref }) => ref)
  const [all, some] = [needing('all'), needing('some')]
  return [
    { aggregate: gaps.length === 0 ? 'complete' : 'incomplete', assemblies: [rootRef] },
    ...(all.length === 0 ? [] : [{ aggregate: 'complete', dependencies: all }]),
    ...(some.length === 0 ? [] : [{ aggregate: 'incomplete', dependencies: some }]),
  ]
}

function property(name: string, value: string): JsonObject {
  return { name, value }
}
