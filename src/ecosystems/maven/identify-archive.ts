// Purpose:  say which artifacts a Java archive is and holds.
// Spec:     Maven Archiver (pom.properties, Implementation-Vendor-Id), OSGi (Bundle-*), Jenkins plugins (Group-Id, Plugin-Version).
// Input:    what was read of one archive: coordinates, manifest, file name; hostile.
// Deviates: a Specification-Version is that of an interface, not of the archive, and is not taken.
// Unknowns: an artifact whose group nothing tells has a name without a group; an archive without a version is no package.
import type { PackageEvidence } from '../ecosystem.ts'
import { splitArchiveName } from './archive-name.ts'
import { isMavenVersion, type Coordinates } from './coordinates.ts'
import { knownGroup, tomcatArtifact } from './known-groups.ts'
import { symbolicNameOf, type Manifest } from './manifest.ts'

export interface ArchiveFacts {
  readonly path: string
  readonly manifest: Manifest
  /** One for each artifact that Maven built into the archive. */
  readonly coordinates: readonly Coordinates[]
}

export interface Artifact {
  readonly group?: string
  readonly artifact: string
  readonly version: string
  readonly evidence: PackageEvidence
  /** Built into the archive, whose own artifact is another. */
  readonly isComponent: boolean
}

/** Not the group that a project publishes under, but its whole organisation. */
const organisations = new Set([
  'org.apache',
  'com.sun',
  'com.oracle',
  'com.google',
  'com.ibm',
  'org.eclipse',
  'org.codehaus',
])
const groupName = /^[a-z][\w-]*(?:\.[\w-]+)+$/

/** The archive itself first, where it is known; empty where nothing tells name and version. */
export function identifyArchive(facts: ArchiveFacts): readonly Artifact[] {
  const { coordinates, path, manifest } = facts
  const versions = statedVersions(manifest)
  const { artifact } = splitArchiveName(path, [
    ...coordinates.map(({ version }) => version),
    ...versions,
  ])
  const own = coordinates.find((it) => it.artifact === artifact) ?? ownByVersion(facts, versions)
  const built = coordinates.map((it): Artifact => ({
    ...it,
    evidence: 'installed',
    isComponent: own !== undefined && it !== own,
  }))
  if (own !== undefined)
    return built.toSorted((a, b) => Number(a.isComponent) - Number(b.isComponent))
  const stated = statedArtifact(facts, versions)
  if (stated === undefined) return built
  return [stated, ...built.map((it) => ({ ...it, isComponent: true }))]
}

/** A renamed archive of one build is that build, unless its manifest gives another version. */
function ownByVersion(
  { coordinates }: ArchiveFacts,
  versions: readonly string[],
): Coordinates | undefined {
  const [only, ...others] = coordinates
  if (only === undefined || others.length > 0) return undefined
  return versions.length === 0 || versions.includes(only.version) ? only : undefined
}

/** Of an archive that no pom.properties speaks of. */
function statedArtifact(
  { path, manifest }: ArchiveFacts,
  versions: readonly string[],
): Artifact | undefined {
  const named = splitArchiveName(path, versions)
  const version = named.version ?? versions[0]
  if (version === undefined) return undefined
  const artifact =
    named.version === undefined ? (statedName(manifest) ?? named.artifact) : named.artifact
  const published = isTomcat(manifest) ? (tomcatArtifact(artifact) ?? artifact) : artifact
  const group = knownGroup(published, version) ?? statedGroup(published, manifest)
  const evidence = versions.length > 0 ? 'installed' : 'recognised'
  return {
    ...(group !== undefined && { group }),
    artifact: published,
    version,
    evidence,
    isComponent: false,
  }
}

/** Jenkins' first, since it also fills in the others; OSGi changes versions, so its own comes last. */
function statedVersions(manifest: Manifest): readonly string[] {
  return ['plugin-version', 'implementation-version', 'bundle-version'].flatMap((attribute) => {
    const value = manifest.get(attribute) ?? ''
    return isMavenVersion(value) && /^v?[0-9]/.test(value) ? [value] : []
  })
}

function statedName(manifest: Manifest): string | undefined {
  const names = [manifest.get('short-name'), manifest.get('implementation-title')]
  return names.find((name) => name !== undefined && /^[a-z0-9][a-z0-9._-]*$/.test(name))
}

/** What calls itself a group is taken for one where the bundle's name begins with it, or Maven filled it in. */
function statedGroup(artifact: string, manifest: Manifest): string | undefined {
  const plugin = manifest.get('group-id') ?? ''
  if (groupName.test(plugin)) return plugin
  const vendor = manifest.get('implementation-vendor-id') ?? ''
  if (!groupName.test(vendor) || organisations.has(vendor)) return undefined
  const bundle = symbolicNameOf(manifest)
  if (bundle === `${vendor}.${artifact}` || bundle === vendor) return vendor
  const isBelow = bundle === undefined || bundle.startsWith(`${vendor}.`)
  return isBelow && isBuiltByMaven(manifest) ? vendor : undefined
}

function isBuiltByMaven(manifest: Manifest): boolean {
  const tools = ['created-by', 'archiver-version', 'build-tool'].map(
    (key) => manifest.get(key) ?? '',
  )
  return tools.some((tool) => /maven|plexus/i.test(tool))
}

function isTomcat(manifest: Manifest): boolean {
  return manifest.get('implementation-title') === 'Apache Tomcat'
}
