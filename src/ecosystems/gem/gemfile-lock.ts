// Purpose:  list the gems that a lock file of Bundler promises.
// Spec:     Bundler, Gemfile.lock and gems.locked: sections GEM, GIT and PATH with `specs:`.
// Input:    bytes of such a file from an image; hostile.
// Deviates: gems of a PATH are the project's own code, not packages; the file does not tell groups, so nothing is for development.
// Unknowns: a line of the specs without a version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type FoundPackage } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'
import { decodeText } from '../rfc822.ts'

export const gemfileLock: Extractor = {
  id: 'gem-lock',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  packageManager: 'BUNDLER',
  wants: (path) => isProjectFile(path, ['Gemfile.lock', 'gems.locked']),
  extract: extractLock,
}

const section = /^[A-Z][A-Z ]*$/
/** Four spaces; the platform follows the version after a hyphen, as Bundler parses it. */
const spec = /^ {4}([^\s(]+)(?: \(([^-)]*)(?:-([^)]*))?\))?$/
const need = /^ {6}([^\s(!]+)/

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const lines = decodeText(bytes).split(/\r?\n/)
  if (!lines.some((line) => section.test(line)))
    return unreadable(path, 'is not a lock file of Bundler')
  const list = startPackageList({ type: 'gem', path, evidence: 'declared' })
  if (lines.some((line) => /^[<>=]{7}/.test(line)))
    list.problem('has marks of a merge that was not finished')
  const found = readSpecs(lines)
  for (const { gem, needs } of found) {
    if (gem.version === '') list.problem(`${quote(gem.name)} has no version`)
    else list.add({ ...gem, dependsOn: needs })
  }
  return list.extraction()
}

interface LockedGem {
  readonly gem: FoundPackage
  readonly needs: string[]
}

function readSpecs(lines: readonly string[]): readonly LockedGem[] {
  const found: LockedGem[] = []
  let isListed = false
  for (const line of lines) {
    if (section.test(line)) isListed = /^(?:GEM|GIT|PLUGIN SOURCE)$/.test(line)
    if (!isListed) continue
    const [, name, version = '', platform = 'ruby'] = spec.exec(line) ?? []
    if (name === undefined) {
      const needed = need.exec(line)?.[1]
      if (needed !== undefined) found.at(-1)?.needs.push(needed)
    } else {
      const architecture = platform === 'ruby' ? {} : { architecture: platform }
      found.push({ gem: { name, version, ...architecture }, needs: [] })
    }
  }
  return found
}
