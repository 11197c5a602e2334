// Purpose:  bring a CycloneDX document in XML into the form of one in JSON.
// Spec:     CycloneDX 1.2 to 1.7, XML schema; the same members as in JSON, lists as elements of elements.
// Input:    bytes of a document; hostile.
// Deviates: only the members that are read of a document in JSON are taken over.
// Unknowns: XML of another root or namespace is refused; so is what is larger or deeper than is read.
import { childOf, childText, readXml, type XmlElement } from '../ecosystems/xml-document.ts'
import type { Members } from './members.ts'

/** The document as its JSON would be, or why it is none. */
export function cycloneDxOfXml(bytes: Uint8Array): Members | string {
  const read = readXml(bytes)
  if (read.kind === 'refused') return read.reason
  const { root } = read
  const version = versionOf(root)
  if (root.name !== 'bom' || version === undefined) return 'is XML, and no CycloneDX document'
  const metadata = childOf(root, 'metadata')
  const subject = childOf(metadata, 'component')
  return {
    bomFormat: 'CycloneDX',
    specVersion: version,
    metadata: {
      ...(subject === undefined ? {} : { component: componentOf(subject) }),
      properties: propertiesOf(metadata),
    },
    components: componentsOf(root),
    compositions: childrenOf(root, 'compositions').map((composition) => ({
      aggregate: childText(composition, 'aggregate'),
      assemblies: childrenOf(composition, 'assemblies').map(({ attributes }) =>
        attributes.get('ref'),
      ),
    })),
  }
}

/** The namespace tells it, with or without a prefix. */
function versionOf({ attributes }: XmlElement): string | undefined {
  for (const value of attributes.values()) {
    const [, version] =
      /^https?:\/\/cyclonedx\.org\/schema\/bom\/([0-9]+\.[0-9]+)$/.exec(value) ?? []
    if (version !== undefined) return version
  }
  return undefined
}

function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return childOf(element, name)?.children ?? []
}

function componentsOf(element: XmlElement): readonly Members[] {
  return childrenOf(element, 'components').map(componentOf)
}

const texts = ['publisher', 'group', 'name', 'version', 'description', 'scope', 'purl'] as const

function componentOf(element: XmlElement): Members {
  return {
    type: element.attributes.get('type'),
    'bom-ref': element.attributes.get('bom-ref'),
    ...Object.fromEntries(texts.map((name) => [name, childText(element, name)])),
    supplier: { name: childText(childOf(element, 'supplier'), 'name') },
    licenses: childrenOf(element, 'licenses').map(licenceOf),
    properties: propertiesOf(element),
    evidence: {
      occurrences: childrenOf(childOf(element, 'evidence'), 'occurrences').map((occurrence) => ({
        location: childText(occurrence, 'location'),
      })),
    },
    components: componentsOf(element),
  }
}

function licenceOf(element: XmlElement): Members {
  return element.name === 'expression'
    ? { expression: element.text }
    : { license: { id: childText(element, 'id'), name: childText(element, 'name') } }
}

function propertiesOf(element: XmlElement | undefined): readonly Members[] {
  return childrenOf(element, 'properties').map(({ attributes, text }) => ({
    name: attributes.get('name'),
    value: text,
  }))
}
