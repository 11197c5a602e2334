// Purpose:  list the artifact that an unpacked archive holds: an exploded war, or classes laid out in a folder.
// Spec:     Maven Archiver, META-INF/maven/GROUP/ARTIFACT/pom.properties.
// Input:    bytes of pom.properties in an image; hostile.
// Deviates: nothing.
// Unknowns: properties that do not tell all three coordinates are a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { parsePomProperties } from './coordinates.ts'

export const pomProperties: Extractor = {
  id: 'java-pom-properties',
  revision: 1,
  maxBytes: 1024 * 1024,
  wants: (path) => /(?:^|\/)META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(path),
  extract: extractPomProperties,
}

function extractPomProperties(path: string, bytes: Uint8Array): Extraction {
  const coordinates = parsePomProperties(bytes)
  if (coordinates === undefined)
    return unreadable(path, 'does not tell group, artifact and version')
  const list = startPackageList({ type: 'maven', path, evidence: 'installed' })
  const { group, artifact, version } = coordinates
  list.add({ name: `${group}:${artifact}`, version })
  return list.extraction()
}
