// Purpose:  read which artifact a Maven build says it made.
// Spec:     Maven Archiver, pom.properties; java.util.Properties, line-oriented format; POM reference, coordinates.
// Input:    bytes of META-INF/maven/GROUP/ARTIFACT/pom.properties; hostile.
// Deviates: values that go on in the next line are not joined: coordinates never do.
// Unknowns: a property that was never filled in (`${project.version}`) is no version.
import { decodeText } from '../rfc822.ts'

export interface Coordinates {
  readonly group: string
  readonly artifact: string
  readonly version: string
}

const maxLines = 1000
const namePart = /^[A-Za-z0-9_][\w.-]{0,255}$/

/** Undefined where one of the three is absent or is no name. */
export function parsePomProperties(bytes: Uint8Array): Coordinates | undefined {
  const values = new Map<string, string>()
  for (const line of decodeText(bytes).split(/\r\n|\r|\n/, maxLines)) {
    const [, key, value = ''] = /^\s*([A-Za-z]+)\s*[=:]\s*(|\S.*)$/.exec(line) ?? []
    if (key !== undefined) values.set(key, value.replaceAll(/\\(.)/g, '$1').trim())
  }
  return coordinatesOf(values.get('groupId'), values.get('artifactId'), values.get('version'))
}

export function coordinatesOf(
  group: string | undefined,
  artifact: string | undefined,
  version: string | undefined,
): Coordinates | undefined {
  if (group === undefined || artifact === undefined || version === undefined) return undefined
  const isNamed = namePart.test(group) && namePart.test(artifact)
  return isNamed && isMavenVersion(version) ? { group, artifact, version } : undefined
}

/** A version that could be one release's: no range, and nothing left to fill in. */
export function isMavenVersion(text: string): boolean {
  return /^[\w.+~-]{1,200}$/.test(text) && /[0-9A-Za-z]/.test(text)
}
