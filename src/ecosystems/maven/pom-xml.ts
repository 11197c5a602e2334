// Purpose:  list the dependencies that a Maven project declares.
// Spec:     Apache Maven, POM reference: dependencies, dependency management, properties, profiles that are active by default.
// Input:    bytes of pom.xml; hostile.
// Deviates: of one dependency declared twice the last counts, as in Maven; the project itself is not a dependency.
// Unknowns: parents and imported lists of versions lie elsewhere; what only they tell is a problem, and so is a range.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { childOf, childText, readXml, type XmlElement } from '../xml-document.ts'
import { coordinatesOf } from './coordinates.ts'
import { interpolate, readProperties, type Properties } from './pom-interpolation.ts'

export const pomXml: Extractor = {
  id: 'java-pom-xml',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  packageManager: 'POM',
  // Inside META-INF a pom.xml is that of an archive, whose dependencies lie beside it or not at all.
  wants: (path) => isProjectFile(path, ['pom.xml']) && !/(?:^|\/)META-INF\//.test(path),
  extract: extractPomXml,
}

interface Dependency {
  readonly group: string
  readonly artifact: string
  readonly version: string | undefined
  /** Type and classifier make it another dependency of the same artifact. */
  readonly key: string
  readonly isDevelopment: boolean
}

const maxNamed = 10

function extractPomXml(path: string, bytes: Uint8Array): Extraction {
  const reading = readXml(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  const { root } = reading
  if (root.name !== 'project') return unreadable(path, 'is no Maven project')
  const properties = readProperties(root)
  const managed = dependenciesOf(childOf(root, 'dependencyManagement'), properties)
  const versions = new Map(
    managed.map(({ group, artifact, version }) => [`${group}:${artifact}`, version]),
  )
  const declared = [root, ...activeProfiles(root)].flatMap((place) =>
    dependenciesOf(place, properties),
  )
  const list = startPackageList({ type: 'maven', path, evidence: 'declared' })
  addDependencies(list, [...new Map(declared.map((it) => [it.key, it])).values()], versions)
  return list.extraction()
}

function addDependencies(
  list: PackageList,
  dependencies: readonly Dependency[],
  managed: ReadonlyMap<string, string | undefined>,
): void {
  const unversioned: string[] = []
  for (const { group, artifact, version, isDevelopment } of dependencies) {
    const name = `${group}:${artifact}`
    const coordinates = coordinatesOf(group, artifact, exactVersion(version ?? managed.get(name)))
    if (coordinates === undefined) unversioned.push(name)
    else list.add({ name, version: coordinates.version, isDevelopment })
  }
  if (unversioned.length === 0) return
  const more = unversioned.length > maxNamed ? ` and ${unversioned.length - maxNamed} more` : ''
  const named = unversioned.slice(0, maxNamed).map(quote).join(', ')
  list.problem(`gives no single version of ${named}${more}`)
}

function dependenciesOf(
  place: XmlElement | undefined,
  properties: Properties,
): readonly Dependency[] {
  const elements = childOf(place, 'dependencies')?.children ?? []
  return elements.flatMap((element) => {
    const text = (name: string): string | undefined => {
      const value = childText(element, name)
      return value === undefined ? undefined : interpolate(value, properties)
    }
    const [group, artifact, scope] = [text('groupId'), text('artifactId'), text('scope')]
    if (element.name !== 'dependency' || group === undefined || artifact === undefined) return []
    const key = [group, artifact, text('type') ?? 'jar', text('classifier') ?? ''].join(':')
    return [{ group, artifact, version: text('version'), key, isDevelopment: scope === 'test' }]
  })
}

function activeProfiles(root: XmlElement): readonly XmlElement[] {
  return (childOf(root, 'profiles')?.children ?? []).filter(
    (profile) => childText(childOf(profile, 'activation'), 'activeByDefault') === 'true',
  )
}

/** `[1.2]` allows one version only; a range allows any in it. */
function exactVersion(version: string | undefined): string | undefined {
  return version === undefined ? undefined : (/^\[([^,[\]()]+)\]$/.exec(version)?.[1] ?? version)
}
