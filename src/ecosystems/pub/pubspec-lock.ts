// Purpose:  list the packages that a Dart lock file promises.
// Spec:     pub, pubspec.lock.
// Input:    bytes of a pubspec.lock from an image; hostile.
// Deviates: packages of a path are the project's own code, and those of an SDK are part of it; a package that is needed by another is not for development, since the file does not tell by whom.
// Unknowns: a package without a version is a problem.
import { entriesOf, isMembers, listOf, membersOf, readYaml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'

export const pubspecLock: Extractor = {
  id: 'pub-lock',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['pubspec.lock']),
  extract: extractLock,
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readYaml(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const [document] = listOf(read.value)
  if (!isMembers(document) || !('packages' in document)) {
    return unreadable(path, 'is not a lock file of pub')
  }
  const list = startPackageList({ type: 'pub', path, evidence: 'declared' })
  for (const [key, value] of entriesOf(document['packages'])) {
    const entry = membersOf(value)
    if (entry['source'] === 'path' || entry['source'] === 'sdk') continue
    list.add({
      name: textOf(membersOf(entry['description'])['name']) ?? key,
      version: textOf(entry['version']) ?? '',
      isDevelopment: entry['dependency'] === 'direct dev',
    })
  }
  return list.extraction()
}
