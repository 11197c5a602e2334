// Purpose:  list the npm packages that lie in Yarn's cache of zip archives, from where Plug'n'Play runs them.
// Spec:     Yarn 2 and later, `.yarn/cache/*.zip` (offline mirror): each holds `node_modules/NAME/…` of one package.
// Input:    bytes of such an archive from an image; hostile.
// Deviates: packages bundled in another are listed too; fixtures inside packages are not.
// Unknowns: an archive without a package.json that can be read is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { unreadable } from '../package-list.ts'
import { openZip, type ZipArchive } from '../zip-archive.ts'
import { readPackageJson } from './inventory.ts'

export const yarnCache: Extractor = {
  id: 'npm-yarn-cache',
  revision: 1,
  maxBytes: 256 * 1024 * 1024,
  wants: (path) => /(?:^|\/)\.yarn\/(?:berry\/)?cache\/[^/]+\.zip$/.test(path),
  extract: extractArchive,
}

const limits = { entries: 100_000, entryBytes: 8 * 1024 * 1024 }
const maxManifests = 1000
const manifest = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/

function extractArchive(path: string, bytes: Uint8Array): Extraction {
  const opening = openZip(bytes, limits, { bytes: 64 * 1024 * 1024, entries: limits.entries })
  if (opening.kind === 'unreadable') return unreadable(path, opening.reason)
  const { archive } = opening
  const manifests = archive.entries.filter(({ name }) => manifest.test(name))
  if (manifests.length === 0) return unreadable(path, 'has no package.json of a package')
  const read = manifests.slice(0, maxManifests).map((entry) => readEntry(path, archive, entry))
  const dropped = manifests.length - read.length
  return {
    instances: read.flatMap(({ instances }) => instances),
    problems: [
      ...archive.problems.map((reason) => ({ path, reason })),
      ...read.flatMap(({ problems }) => problems),
      ...(dropped > 0 ? [{ path, reason: `${dropped} more packages are not read` }] : []),
    ],
  }
}

function readEntry(
  path: string,
  archive: ZipArchive,
  entry: ZipArchive['entries'][number],
): Extraction {
  const inner = `${path}!/${entry.name}`
  const reading = archive.read(entry)
  return reading.kind === 'refused'
    ? unreadable(inner, reading.reason)
    : readPackageJson(inner, reading.bytes)
}
