// Purpose:  list the packages that a Composer lock file promises.
// Spec:     Composer, composer.lock: `packages` and `packages-dev`.
// Input:    bytes of a composer.lock from an image; hostile.
// Deviates: nothing.
// Unknowns: a package at a branch (dev-main) is kept as the file has it, and is a problem: no advisory can be held against it.
import { isMembers, listOf, readJson } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { addComposerPackages } from './packages.ts'

export const composerLock: Extractor = {
  id: 'composer-lock',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['composer.lock']),
  extract: extractLock,
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  if (!isMembers(read.value) || !Array.isArray(read.value['packages'])) {
    return unreadable(path, 'has no list of packages')
  }
  const list = startPackageList({ type: 'composer', path, evidence: 'declared' })
  addComposerPackages(read.value['packages'], list, () => false)
  addComposerPackages(listOf(read.value['packages-dev']), list, () => true)
  return list.extraction()
}
