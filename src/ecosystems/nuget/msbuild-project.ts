// Purpose:  list the packages that projects and central lists of versions name.
// Spec:     NuGet, "Central package management" (PackageVersion, GlobalPackageReference) and PackageReference; MSBuild, properties.
// Input:    bytes of Directory.Packages.props, *.Packages.props or a project file; hostile.
// Deviates: a property is filled in from the same file, if it is set there once and without a condition.
// Unknowns: ranges, floating versions and properties of other files are no version: a problem. A reference without a version has it elsewhere.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable } from '../package-list.ts'
import { childText, readXml, type XmlElement } from '../xml-document.ts'

export const msbuildProject: Extractor = {
  id: 'dotnet-msbuild-project',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => /(?:^|[/.])packages\.props$|\.(?:cs|fs|vb)proj$/i.test(path),
  extract: extractProject,
}

const items = new Set(['PackageVersion', 'PackageReference', 'GlobalPackageReference'])
const maxRounds = 8

function extractProject(path: string, bytes: Uint8Array): Extraction {
  const reading = readXml(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  const { root } = reading
  if (root.name !== 'Project') return unreadable(path, 'is no MSBuild project')
  const properties = readProperties(root)
  const list = startPackageList({ type: 'nuget', path, evidence: 'declared' })
  for (const item of inGroups(root, 'ItemGroup')) {
    if (!items.has(item.name)) continue
    const name = (item.attributes.get('Include') ?? item.attributes.get('Update') ?? '').trim()
    const stated = versionOf(item)
    // A name of many, or one that is filled in elsewhere, names no package.
    if (stated === undefined || !/^[\w.-]+$/.test(name)) continue
    const version = exactVersion(fillIn(stated.trim(), properties))
    if (version === undefined) list.problem(`gives no single version of ${quote(name)}`)
    else list.add({ name, version })
  }
  return list.extraction()
}

function inGroups(root: XmlElement, group: string): readonly XmlElement[] {
  return root.children.flatMap(({ name, children }) => (name === group ? children : []))
}

function versionOf(item: XmlElement): string | undefined {
  const { attributes } = item
  const given = attributes.get('VersionOverride') ?? attributes.get('Version')
  return given ?? childText(item, 'Version')
}

function readProperties(root: XmlElement): ReadonlyMap<string, string> {
  const groups = root.children.filter(
    ({ name, attributes }) => name === 'PropertyGroup' && !attributes.has('Condition'),
  )
  const set = groups.flatMap(({ children }) => children)
  const times = Map.groupBy(inGroups(root, 'PropertyGroup'), ({ name }) => name.toLowerCase())
  const certain = set.filter(
    ({ name, attributes }) =>
      !attributes.has('Condition') && times.get(name.toLowerCase())?.length === 1,
  )
  return new Map(certain.map(({ name, text }) => [name.toLowerCase(), text]))
}

function fillIn(text: string, properties: ReadonlyMap<string, string>): string {
  let filled = text
  for (let round = 0; round < maxRounds && filled.includes('$('); round += 1) {
    const next = filled.replaceAll(
      /\$\(([\w.-]{1,200})\)/g,
      (whole, name: string) => properties.get(name.toLowerCase()) ?? whole,
    )
    if (next === filled || next.length > 512) break
    filled = next
  }
  return filled
}

/** `[1.2.3]` allows one version only. `1.2.3` is the lowest that is allowed, and the one that NuGet takes. */
function exactVersion(text: string): string | undefined {
  const version = /^\[\s*([^,[\]()\s]+)\s*\]$/.exec(text)?.[1] ?? text
  return /^[0-9][0-9A-Za-z.+-]*$/.test(version) ? version : undefined
}
