// Purpose:  list the PHP packages that Composer installed.
// Spec:     Composer, vendor/composer/installed.json of Composer 1 (a list) and 2 (an object with dev-package-names).
// Input:    bytes of such a file from an image; hostile.
// Deviates: installed.php holds the same, as code, and is not read.
// Unknowns: a package at a branch (dev-main) is kept as the file has it, and is a problem: no advisory can be held against it.
import { isMembers, listOf, readJson } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { addComposerPackages } from './packages.ts'

export const composerInstalled: Extractor = {
  id: 'composer-installed',
  revision: 1,
  maxBytes: 32 * 1024 * 1024,
  wants: (path) => /(?:^|\/)composer\/installed\.json$/.test(path),
  extract: extractInstalled,
}

function extractInstalled(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const { value } = read
  const packages = isMembers(value) ? value['packages'] : value
  if (!Array.isArray(packages)) return unreadable(path, 'has no list of packages')
  const list = startPackageList({ type: 'composer', path, evidence: 'installed' })
  const development = new Set(isMembers(value) ? listOf(value['dev-package-names']) : [])
  addComposerPackages(packages, list, (name) => development.has(name))
  return list.extraction()
}
