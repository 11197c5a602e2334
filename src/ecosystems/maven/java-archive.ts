// Purpose:  list the artifacts of Java archives, and of the archives inside them.
// Spec:     JAR File Specification; Jakarta EE (WEB-INF/lib, ear), Spring Boot (BOOT-INF/lib), Jenkins (jpi, hpi), NiFi (nar).
// Input:    bytes of a jar or its kin; hostile: bombs, archives in archives without end.
// Deviates: archives are found wherever they lie inside, not only in the folders of the specifications.
// Unknowns: an archive with classes and without name and version, classes of log4j-core without its version, and what lies beyond the limits are problems.
import type { Extraction, Extractor, InventoryProblem } from '../ecosystem.ts'
import { startPackageList, type PackageList } from '../package-list.ts'
import { openZip, type ZipArchive, type ZipBudget, type ZipEntry } from '../zip-archive.ts'
import { coordinatesOf, parsePomProperties, type Coordinates } from './coordinates.ts'
import { identifyArchive, type Artifact } from './identify-archive.ts'
import { parseManifest, type Manifest } from './manifest.ts'
import { coordinatesOfPom } from './pom-coordinates.ts'

const archiveName = /\.(?:jar|war|ear|par|sar|rar|jpi|hpi|kar|lpkg|nar|aar)$/i
const pomFile = /^(?:.*\/)?META-INF\/maven\/([^/]+)\/([^/]+)\/pom\.(properties|xml)$/
const manifestFile = /^META-INF\/MANIFEST\.MF$/i
/** Found in log4j-core and wherever it was copied without its metadata: the class of CVE-2021-44228. */
const lookupClass = /(?:^|\/)org\/apache\/logging\/log4j\/core\/lookup\/JndiLookup\.class$/

const mebibyte = 1024 * 1024
const maxDepth = 8
const limits = { entries: 300_000, entryBytes: 256 * mebibyte }
/** Of an outer file and all that lies in it. */
const maxInflatedBytes = 1024 * mebibyte
const maxEntries = 1_000_000
const maxArchives = 20_000
const maxPomFiles = 2000
const maxProblems = 200
const maxSmallBytes = 4 * mebibyte

export const javaArchive: Extractor = {
  id: 'java-archive',
  revision: 1,
  maxBytes: 256 * mebibyte,
  wants: (path) => archiveName.test(path),
  extract: extractArchive,
}

interface Walk {
  readonly list: PackageList
  readonly problems: InventoryProblem[]
  readonly budget: ZipBudget
  archives: number
}

function extractArchive(path: string, bytes: Uint8Array): Extraction {
  const walk: Walk = {
    list: startPackageList({ type: 'maven', path, evidence: 'installed' }),
    problems: [],
    budget: { bytes: maxInflatedBytes, entries: maxEntries },
    archives: 0,
  }
  readArchive(walk, { path, bytes, depth: 0 })
  const { instances, problems } = walk.list.extraction()
  return { instances, problems: [...problems, ...walk.problems] }
}

function readArchive(
  walk: Walk,
  file: { readonly path: string; readonly bytes: Uint8Array; readonly depth: number },
): void {
  const { path, depth } = file
  if (depth > maxDepth)
    return complain(walk, path, `is nested deeper than the ${maxDepth} archives that are read`)
  walk.archives += 1
  if (walk.archives > maxArchives)
    return complain(walk, path, `is one of more than the ${maxArchives} archives that are read`)
  const opening = openZip(file.bytes, limits, walk.budget)
  if (opening.kind === 'unreadable') return complain(walk, path, opening.reason)
  const { archive } = opening
  for (const reason of archive.problems) complain(walk, path, reason)
  const nested = archive.entries.filter(({ name }) => archiveName.test(name))
  addArtifacts(walk, path, archive, nested.length > 0)
  for (const entry of nested) {
    const inner = `${path}!/${entry.name}`
    const bytes = readEntry(walk, archive, entry, inner)
    if (bytes !== undefined) readArchive(walk, { path: inner, bytes, depth: depth + 1 })
  }
}

function addArtifacts(walk: Walk, path: string, archive: ZipArchive, hasNested: boolean): void {
  const manifest = readManifest(walk, archive, path)
  const coordinates = readCoordinates(walk, archive, path)
  const artifacts = identifyArchive({ path, manifest, coordinates })
  for (const artifact of artifacts) add(walk, path, artifact, manifest)
  const names = archive.entries.map(({ name }) => name)
  if (artifacts.length === 0 && !hasNested && names.some((name) => name.endsWith('.class')))
    complain(
      walk,
      path,
      'is a Java archive that tells neither its version nor that of what is in it',
    )
  const isLog4j = artifacts.some(({ artifact }) => artifact === 'log4j-core')
  if (!isLog4j && names.some((name) => lookupClass.test(name)))
    complain(walk, path, 'has classes of log4j-core in it, and nothing tells of which version')
}

function add({ list }: Walk, path: string, found: Artifact, manifest: Manifest): void {
  const { group, artifact, version, evidence, isComponent } = found
  const license = isComponent ? undefined : manifest.get('bundle-license')
  list.add({
    name: group === undefined ? artifact : `${group}:${artifact}`,
    version,
    evidence,
    path:
      isComponent && group !== undefined ? `${path}!/META-INF/maven/${group}/${artifact}` : path,
    ...(license !== undefined && license !== '' && { licenses: [license.slice(0, 500)] }),
  })
}

function readManifest(walk: Walk, archive: ZipArchive, path: string): Manifest {
  const entry = archive.entries.find(({ name }) => manifestFile.test(name))
  const bytes = entry === undefined ? undefined : readSmall(walk, archive, entry, path)
  return bytes === undefined ? new Map() : parseManifest(bytes)
}

/** By pom.properties; by pom.xml where a build left only that. */
function readCoordinates(walk: Walk, archive: ZipArchive, path: string): readonly Coordinates[] {
  const files = archive.entries.flatMap((entry) => {
    const [, group = '', artifact = '', kind] = pomFile.exec(entry.name) ?? []
    return kind === undefined ? [] : [{ entry, group, artifact, kind, key: `${group}:${artifact}` }]
  })
  if (files.length > maxPomFiles)
    complain(walk, path, `holds more than the ${maxPomFiles} pom files that are read`)
  const read = files.slice(0, maxPomFiles)
  const told = new Set(read.filter(({ kind }) => kind === 'properties').map(({ key }) => key))
  const found = new Map<string, Coordinates>()
  for (const { entry, group, artifact, kind, key } of read) {
    if (kind === 'xml' && told.has(key)) continue
    const bytes = readSmall(walk, archive, entry, path)
    if (bytes === undefined) continue
    const version = kind === 'xml' ? coordinatesOfPom(bytes)?.version : undefined
    const coordinates =
      kind === 'xml' ? coordinatesOf(group, artifact, version) : parsePomProperties(bytes)
    if (coordinates === undefined)
      complain(walk, `${path}!/${entry.name}`, 'does not tell group, artifact and version')
    else found.set(JSON.stringify(coordinates), coordinates)
  }
  return [...found.values()]
}

function readSmall(
  walk: Walk,
  archive: ZipArchive,
  entry: ZipEntry,
  path: string,
): Uint8Array | undefined {
  const inner = `${path}!/${entry.name}`
  if (entry.bytes <= maxSmallBytes) return readEntry(walk, archive, entry, inner)
  complain(walk, inner, `has ${entry.bytes} bytes, of which ${maxSmallBytes} are read`)
  return undefined
}

function readEntry(
  walk: Walk,
  archive: ZipArchive,
  entry: ZipEntry,
  inner: string,
): Uint8Array | undefined {
  const reading = archive.read(entry)
  if (reading.kind === 'bytes') return reading.bytes
  complain(walk, inner, reading.reason)
  return undefined
}

/** Of a bomb the first ones say enough. */
function complain({ problems }: Walk, path: string, reason: string): void {
  if (problems.length < maxProblems) problems.push({ path: path.slice(0, 4096), reason })
  else if (problems.length === maxProblems)
    problems.push({ path: path.slice(0, 4096), reason: 'and more that is not listed' })
}
