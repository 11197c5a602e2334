// Purpose:  fill in the properties that a pom.xml uses.
// Spec:     Apache Maven, POM reference, "Properties": project.*, and those of the file.
// Input:    elements and values of a pom.xml; hostile.
// Deviates: properties of the environment and of the command line are not known and stay as they are.
// Unknowns: a property that the file does not define stays as it is written, `${…}`.
import { childOf, childText, type XmlElement } from '../xml-document.ts'

export type Properties = ReadonlyMap<string, string>

/** A property may be made of others; deeper than this it is a loop. */
const maxRounds = 8
const maxLength = 512

export function readProperties(root: XmlElement): Properties {
  const parent = childOf(root, 'parent')
  const own = (name: string): string | undefined => childText(root, name) ?? childText(parent, name)
  const project: readonly (readonly [string, string | undefined])[] = [
    ['groupId', own('groupId')],
    ['artifactId', childText(root, 'artifactId')],
    ['version', own('version')],
    ['parent.groupId', childText(parent, 'groupId')],
    ['parent.version', childText(parent, 'version')],
  ]
  const properties = new Map<string, string>()
  for (const { name, text } of childOf(root, 'properties')?.children ?? [])
    properties.set(name, text)
  for (const [name, value] of project) {
    // `pom.` and the bare name are older spellings of the same.
    for (const key of [`project.${name}`, `pom.${name}`, name])
      if (value !== undefined && !properties.has(key)) properties.set(key, value)
  }
  return properties
}

export function interpolate(text: string, properties: Properties): string {
  let filled = text
  for (let round = 0; round < maxRounds && filled.includes('${'); round += 1) {
    const next = filled.replaceAll(
      /\$\{([^${}]{1,200})\}/g,
      (whole, name: string) => properties.get(name) ?? whole,
    )
    if (next === filled || next.length > maxLength) break
    filled = next
  }
  return filled
}
