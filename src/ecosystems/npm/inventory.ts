// Purpose:  list the npm packages that are installed in node_modules.
// Spec:     npm, package.json; Node.js, "Loading from node_modules folders".
// Input:    bytes of a package.json from an image; hostile.
// Deviates: only a package's own directory below node_modules counts, so that fixtures inside packages do not.
// Unknowns: a package.json in such a place without name or version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'

/** …/node_modules/NAME/package.json or …/node_modules/@SCOPE/NAME/package.json */
const ownManifest = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/

export const npmInstalled: Extractor = {
  id: 'npm-node-modules',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => path.endsWith('/package.json') && ownManifest.test(path),
  extract: extractManifest,
}

function extractManifest(path: string, bytes: Uint8Array): Extraction {
  const manifest = parseObject(bytes)
  if (manifest === undefined) return problem(path, 'is not a JSON object')
  const { name, version } = manifest
  // Packages hold directories that only switch the module type: no name, and no package either.
  if (name === undefined && version === undefined) return { instances: [], problems: [] }
  if (typeof name !== 'string' || typeof version !== 'string' || !isName(name) || version === '') {
    return problem(path, 'has no name or no version')
  }
  const instance = {
    package: { type: 'npm', name, version: version.trim() },
    path,
    evidence: 'installed',
  } as const
  return { instances: [instance], problems: [] }
}

function isName(name: string): boolean {
  return name.length <= 214 && /^(?:@[^/\s@]+\/)?[^/\s@]+$/.test(name)
}

function parseObject(
  bytes: Uint8Array,
): { readonly name?: unknown; readonly version?: unknown } | undefined {
  try {
    const text = new TextDecoder('utf-8').decode(bytes)
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? parsed
      : undefined
  } catch {
    return undefined
  }
}

function problem(path: string, reason: string): Extraction {
  return { instances: [], problems: [{ path, reason }] }
}
