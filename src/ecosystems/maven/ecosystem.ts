import type { Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { gradleLockfile } from './gradle-lockfile.ts'
import { gradleVerification } from './gradle-verification.ts'
import { javaArchive } from './java-archive.ts'
import { jdkRelease } from './jdk-release.ts'
import { pomProperties } from './pom-properties.ts'
import { pomXml } from './pom-xml.ts'
import { sbtLock } from './sbt-lock.ts'
import { compareMavenVersions } from './version.ts'

export const maven: Ecosystem = {
  type: 'maven',
  extractors: [
    javaArchive,
    pomProperties,
    pomXml,
    gradleLockfile,
    gradleVerification,
    sbtLock,
    jdkRelease,
  ],
  compareVersions: compareMavenVersions,
  purlName: (name) => {
    const [, namespace, artifact] = /^([^:]+):([^:]+)$/.exec(name) ?? []
    return namespace === undefined || artifact === undefined
      ? { name }
      : { namespace, name: artifact }
  },
  packageManager: 'JAR',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'Maven' || ecosystem.startsWith('Maven:'),
  // Group and artifact are exact, and may differ in case only.
  normaliseName: (name) => name,
  lookup: lookupMaven,
}

/** Advisories go by group and artifact; another group's artifact of the same name is another thing. */
function lookupMaven({ name, version }: Package): Lookup {
  if (name.includes(':')) return { kind: 'keys', keys: [{ ecosystem: 'Maven', name, version }] }
  const reason = 'a Java archive does not tell the group of its artifact'
  return { kind: 'unknown', reason, scope: 'package' }
}
