// Purpose:  list the artifacts whose checksums Gradle keeps.
// Spec:     Gradle, "Verifying dependencies": gradle/verification-metadata.xml.
// Input:    bytes of verification-metadata.xml; hostile.
// Deviates: nothing; the file also names the plugins of the build.
// Unknowns: a component without group, name or version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { childOf, readXml } from '../xml-document.ts'
import { coordinatesOf } from './coordinates.ts'

export const gradleVerification: Extractor = {
  id: 'java-gradle-verification',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => /(?:^|\/)verification-metadata\.xml$/.test(path),
  extract: extractVerification,
}

function extractVerification(path: string, bytes: Uint8Array): Extraction {
  const reading = readXml(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  if (reading.root.name !== 'verification-metadata')
    return unreadable(path, 'is no verification metadata')
  const list = startPackageList({ type: 'maven', path, evidence: 'declared' })
  for (const { name: element, attributes } of childOf(reading.root, 'components')?.children ?? []) {
    if (element !== 'component') continue
    const [group, name, version] = ['group', 'name', 'version'].map((key) => attributes.get(key))
    const found = coordinatesOf(group, name, version)
    if (found === undefined) list.problem('a component has no group, name or version')
    else list.add({ name: `${found.group}:${found.artifact}`, version: found.version })
  }
  return list.extraction()
}
