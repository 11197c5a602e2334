// Purpose:  list the npm packages that are installed in node_modules, and where distributions put them.
// Spec:     npm, package.json; Node.js, "Loading from node_modules folders"; pnpm's virtual store has the same folders;
//           Debian's policy for Node.js packages: /usr/share/nodejs and /usr/lib/[TRIPLET/]nodejs.
// Input:    bytes of a package.json from an image; hostile.
// Deviates: only a package's own directory below node_modules or nodejs counts, so that fixtures inside packages do not.
// Unknowns: a package.json in such a place without name or version is a problem.
import { isMembers, membersOf, readJson } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { isNpmName, readLicenses } from './names.ts'

/** …/node_modules/NAME/package.json or …/node_modules/@SCOPE/NAME/package.json */
const ownManifest =
  /(?:(?:^|\/)node_modules|^usr\/(?:share|lib|lib\/[^/]+)\/nodejs)\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/

export const npmInstalled: Extractor = {
  id: 'npm-node-modules',
  revision: 3,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => path.endsWith('/package.json') && ownManifest.test(path),
  extract: readPackageJson,
}

/** What a package's own package.json says of it, as installed at this path. */
export function readPackageJson(path: string, bytes: Uint8Array): Extraction {
  const read = readJson(bytes)
  if (read.kind === 'refused' || !isMembers(read.value)) {
    return unreadable(path, read.kind === 'refused' ? read.reason : 'is not a JSON object')
  }
  const { name, version, license, licenses, dependencies, optionalDependencies } = read.value
  // Packages hold directories that only switch the module type: no name, and no package either.
  if (name === undefined && version === undefined) return { instances: [], problems: [] }
  if (typeof name !== 'string' || typeof version !== 'string' || !isNpmName(name)) {
    return unreadable(path, 'has no name or no version')
  }
  const list = startPackageList({ type: 'npm', path, evidence: 'installed' })
  list.add({
    name,
    version: version.trim(),
    licenses: readLicenses(license ?? licenses),
    dependsOn: Object.keys({ ...membersOf(dependencies), ...membersOf(optionalDependencies) }),
  })
  return list.extraction()
}
