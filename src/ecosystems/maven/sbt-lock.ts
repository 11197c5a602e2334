// Purpose:  list the dependencies that sbt locked.
// Spec:     sbt-dependency-lock, build.sbt.lock version 1.
// Input:    bytes of build.sbt.lock; hostile.
// Deviates: a dependency is for development if only the configurations test and it use it.
// Unknowns: an entry without org, name or version is a problem.
import { listOf, membersOf, readJson, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { coordinatesOf } from './coordinates.ts'

export const sbtLock: Extractor = {
  id: 'java-sbt-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => path.endsWith('build.sbt.lock'),
  extract: extractSbtLock,
}

function extractSbtLock(path: string, bytes: Uint8Array): Extraction {
  const reading = readJson(bytes)
  if (reading.kind === 'refused') return unreadable(path, reading.reason)
  const list = startPackageList({ type: 'maven', path, evidence: 'declared' })
  for (const entry of listOf(membersOf(reading.value)['dependencies'])) {
    const { org, name, version, configurations } = membersOf(entry)
    const found = coordinatesOf(textOf(org), textOf(name), textOf(version))
    if (found === undefined) {
      list.problem('a dependency has no org, name or version')
      continue
    }
    const users = listOf(configurations)
    const isDevelopment =
      users.length > 0 && users.every((user) => user === 'test' || user === 'it')
    list.add({ name: `${found.group}:${found.artifact}`, version: found.version, isDevelopment })
  }
  return list.extraction()
}
