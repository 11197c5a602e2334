// Purpose:  list the packages that a lock file of Stack promises.
// Spec:     Stack, stack.yaml.lock: `packages[].completed.hackage`, or `name` and `version` of what comes from elsewhere.
// Input:    bytes of a stack.yaml.lock from an image; hostile.
// Deviates: packages of the snapshot are not in the file.
// Unknowns: an entry without a name and a version is a problem.
import { isMembers, listOf, membersOf, readYaml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'

export const stackLock: Extractor = {
  id: 'hackage-stack-lock',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['stack.yaml.lock']),
  extract: extractLock,
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readYaml(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const [document] = listOf(read.value)
  if (!isMembers(document) || !('packages' in document)) {
    return unreadable(path, 'is not a lock file of Stack')
  }
  const list = startPackageList({ type: 'hackage', path, evidence: 'declared' })
  for (const entry of listOf(document['packages'])) {
    addCompleted(membersOf(membersOf(entry)['completed']), list)
  }
  return list.extraction()
}

/** `aeson-2.0.3.0@sha256:…,1234` */
const ofHackage = /^([A-Za-z0-9-]+)-([0-9]+(?:\.[0-9]+)*)(?:@.*)?$/

function addCompleted(completed: Readonly<Record<string, unknown>>, list: PackageList): void {
  const text = textOf(completed['hackage']) ?? ''
  const [, there, versionThere] = ofHackage.exec(text) ?? []
  const name = there ?? textOf(completed['name'])
  const version = versionThere ?? textOf(completed['version'])
  if (name === undefined || version === undefined) {
    list.problem(`an entry (${quote(text)}) tells no name and version`)
  } else list.add({ name, version })
}
