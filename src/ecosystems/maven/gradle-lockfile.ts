// Purpose:  list the dependencies that Gradle locked.
// Spec:     Gradle, "Locking dependency versions": gradle.lockfile, and a file for each configuration in older versions.
// Input:    bytes of gradle.lockfile, buildscript-gradle.lockfile or gradle/dependency-locks/*.lockfile; hostile.
// Deviates: a dependency is for development if only configurations of tests use it.
// Unknowns: lines that are no coordinates are passed over, as by Gradle's own comment lines.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList } from '../package-list.ts'
import { decodeText } from '../rfc822.ts'
import { coordinatesOf } from './coordinates.ts'

export const gradleLockfile: Extractor = {
  id: 'java-gradle-lockfile',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) =>
    path.endsWith('.lockfile') &&
    /(?:^|\/)(?:(?:buildscript-|settings-)?gradle\.lockfile|dependency-locks\/[^/]+\.lockfile)$/.test(
      path,
    ),
  extract: extractLockfile,
}

function extractLockfile(path: string, bytes: Uint8Array): Extraction {
  const list = startPackageList({ type: 'maven', path, evidence: 'declared' })
  for (const line of decodeText(bytes).split('\n')) {
    const [, group, artifact, version, configurations = ''] =
      /^\s*([^\s:#=]+):([^\s:=]+):([^\s:=]+)(?:=([^=]*))?$/.exec(line) ?? []
    const found = coordinatesOf(group, artifact, version)
    if (found === undefined) continue
    const users = configurations.split(',').map((name) => name.trim())
    const isDevelopment = users.every((name) => /^(?:test|androidTest)[A-Z]|Test[A-Z]/.test(name))
    list.add({ name: `${found.group}:${found.artifact}`, version: found.version, isDevelopment })
  }
  return list.extraction()
}
