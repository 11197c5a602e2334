// Purpose:  write an inventory as an SPDX document.
// Spec:     SPDX 2.3, JSON; annex D for licence expressions.
// Input:    an inventory; its names, versions and paths are text from images.
// Deviates: several licences of a package are joined by AND, the reading that promises least.
// Unknowns: what is not known is NOASSERTION; a list that is not whole says so in annotations of the document.
import type { Distribution } from '../ecosystems/ecosystem.ts'
import { formatPurl } from '../ecosystems/purl.ts'
import { listComponents, type SbomComponent } from './components.ts'
import { documentText, documentUuid, wholeSeconds, type JsonObject } from './document-text.ts'
import { formatImagePurl } from './image-purl.ts'
import type { SbomInventory, SbomSubject, SbomTool } from './inventory.ts'
import { readLicence } from './licences.ts'
import { nameUuid } from './name-uuid.ts'

const documentId = 'SPDXRef-DOCUMENT'
const rootId = 'SPDXRef-image'
const systemId = 'SPDXRef-operating-system'

/** The document's text: the same for the same inventory and tool. */
export function writeSpdx(inventory: SbomInventory, tool: SbomTool): string {
  const { subject, distribution, scannedAt } = inventory
  const components = listComponents(inventory.packages, distribution)
  const named = new NamedLicences()
  const packages = [
    subjectOf(subject),
    ...(distribution === undefined ? [] : [systemOf(distribution)]),
    ...components.map((component) => packageOf(component, distribution, named)),
  ]
  const content = {
    SPDXID: documentId,
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    name: subject.name,
    creationInfo: {
      created: wholeSeconds(scannedAt),
      creators: [`Tool: ${tool.name}-${tool.version}`],
    },
    comment: 'pratique:generated=true',
    annotations: annotationsOf(inventory, tool),
    packages,
    relationships: relationshipsOf(components, distribution !== undefined),
    ...(named.texts.length === 0 ? {} : { hasExtractedLicensingInfos: named.texts }),
  }
  return documentText({ ...content, documentNamespace: `urn:uuid:${documentUuid(content)}` })
}

/** Licences outside SPDX's list, which a document must define before it may name them. */
class NamedLicences {
  readonly #known = new Map<string, JsonObject>()

  get texts(): readonly JsonObject[] {
    return [...this.#known.values()]
  }

  idOf(name: string): string {
    const licenseId = `LicenseRef-${nameUuid(name)}`
    if (!this.#known.has(licenseId)) {
      this.#known.set(licenseId, { licenseId, name, extractedText: name })
    }
    return licenseId
  }
}

function subjectOf(subject: SbomSubject): JsonObject {
  const { name, digest } = subject
  const purl = formatImagePurl(subject)
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest ?? '')?.[1]
  return {
    ...nothingSaid,
    SPDXID: rootId,
    name,
    ...(digest === undefined ? {} : { versionInfo: digest }),
    primaryPackagePurpose: digest === undefined ? 'FILE' : 'CONTAINER',
    licenseDeclared: 'NOASSERTION',
    ...(hex === undefined ? {} : { checksums: [{ algorithm: 'SHA256', checksumValue: hex }] }),
    ...(purl === undefined ? {} : { externalRefs: [purlRef(purl)] }),
  }
}

const nothingSaid = {
  supplier: 'NOASSERTION',
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
} as const

function systemOf({ id, versionId, prettyName }: Distribution): JsonObject {
  return {
    ...nothingSaid,
    SPDXID: systemId,
    name: id,
    ...(versionId === undefined ? {} : { versionInfo: versionId }),
    primaryPackagePurpose: 'OPERATING_SYSTEM',
    licenseDeclared: 'NOASSERTION',
    ...(prettyName === undefined ? {} : { description: prettyName }),
  }
}

function packageOf(
  component: SbomComponent,
  distribution: Distribution | undefined,
  named: NamedLicences,
): JsonObject {
  const { package: it, purl } = component
  return {
    ...nothingSaid,
    SPDXID: idOf(component),
    name: it.name,
    versionInfo: it.version,
    ...supplierOf(it.vendor),
    primaryPackagePurpose: 'LIBRARY',
    licenseDeclared: declaredLicence(component.licenses ?? [], named),
    sourceInfo: sourceInfoOf(component, distribution),
    externalRefs: [purlRef(purl)],
  }
}

function idOf({ ref }: SbomComponent): string {
  return `SPDXRef-Package-${ref}`
}

/** Brackets would be read as an address of mail. */
function supplierOf(vendor: string | undefined): { readonly supplier?: string } {
  const name = (vendor ?? '').replaceAll(/<[^>]*>|[()\p{C}]/gu, '').trim()
  return name === '' ? {} : { supplier: `Organization: ${name}` }
}

function declaredLicence(said: readonly string[], named: NamedLicences): string {
  const read = said.flatMap((text) => readLicence(text) ?? [])
  const terms = read.map((licence) => {
    if (licence.kind === 'id') return licence.id
    if (licence.kind === 'name') return named.idOf(licence.name)
    return read.length === 1 ? licence.expression : `(${licence.expression})`
  })
  return terms.length === 0 ? 'NOASSERTION' : [...new Set(terms)].join(' AND ')
}

/** How and where it was found: SPDX has no other place for it. */
function sourceInfoOf(
  { package: it, ...component }: SbomComponent,
  distribution: Distribution | undefined,
): string {
  const { owner, passedOver } = component
  return [
    `${component.evidence}: found by ${component.extractorId} in ${JSON.stringify(component.path)}`,
    `layer ${component.layerDigest}`,
    ...(it.source === undefined ? [] : [`source package ${it.source.name} ${it.source.version}`]),
    ...(owner === undefined ? [] : [`its file is of ${formatPurl(owner, distribution)}`]),
    ...(component.isDevelopment === true ? ['for development only'] : []),
    ...(passedOver === undefined ? [] : [`not held against advisories: ${passedOver}`]),
    ...(component.needsKnown === 'some'
      ? ['some of its dependencies are not in this document']
      : []),
  ].join('; ')
}

function purlRef(purl: string): JsonObject {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }
}

function relationshipsOf(
  components: readonly SbomComponent[],
  hasSystem: boolean,
): readonly JsonObject[] {
  const contained = [...(hasSystem ? [systemId] : []), ...components.map(idOf)]
  return [
    relation(documentId, 'DESCRIBES', rootId),
    ...contained.map((id) => relation(rootId, 'CONTAINS', id)),
    ...components.flatMap((component) =>
      component.needs.map((need) =>
        relation(idOf(component), 'DEPENDS_ON', `SPDXRef-Package-${need}`),
      ),
    ),
  ]
}

function relation(spdxElementId: string, relationshipType: string, to: string): JsonObject {
  return { spdxElementId, relationshipType, relatedSpdxElement: to }
}

function annotationsOf({ gaps, scannedAt }: SbomInventory, tool: SbomTool): readonly JsonObject[] {
  const said =
    gaps.length === 0
      ? ['coverage: complete, as far as the layers tell']
      : gaps.map((gap) => `coverage: incomplete: ${gap}`)
  return said.map((comment) => ({
    annotationDate: wholeSeconds(scannedAt),
    annotationType: 'OTHER',
    annotator: `Tool: ${tool.name}-${tool.version}`,
    comment,
  }))
}
