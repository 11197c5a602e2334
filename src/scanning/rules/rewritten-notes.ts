// Purpose:  say which packages a later layer struck from a package database, or gave another version, by hand.
// Spec:     none.
// Input:    what rewritten-databases.ts found; names and versions come from hostile layers.
// Deviates: nothing.
// Unknowns: none.
import type { Package } from '../../ecosystems/ecosystem.ts'
import { displayPath } from '../../lib/archive/entry-path.ts'
import type { Digest } from '../../oci/digest.ts'
import type { CoverageNote } from './coverage-notes.ts'
import type { RewrittenDatabase } from './rewritten-databases.ts'

const shownPackages = 10

/** The packages are listed and judged as they were before: the note says why they are not in the database. */
export function rewrittenNotes(
  { database: { kind, path }, layer, struck, renumbered }: RewrittenDatabase,
  digests: readonly Digest[],
): readonly CoverageNote[] {
  const layerDigest = digests[layer]
  const note = (packages: readonly Package[], what: string, how: string): CoverageNote[] => {
    if (packages.length === 0) return []
    const named = packages.slice(0, shownPackages).map(({ name, version }) => `${name} ${version}`)
    const names = `${named.join(', ')}${packages.length > shownPackages ? ', …' : ''}`
    return [
      {
        code: 'PACKAGE_DB_REWRITTEN',
        message: `${packages.length} of the packages that a lower layer installed ${what} (${names}): ${how}`,
        path: displayPath(path),
        ...(layerDigest !== undefined && { layerDigest }),
        database: kind,
      },
    ]
  }
  return [
    ...note(
      struck,
      `are removed from the ${kind} database, and files of theirs remain`,
      'they are listed and judged as they were',
    ),
    ...note(
      renumbered,
      `have another version in the ${kind} database, and none of their files was written since`,
      'both versions are listed and judged',
    ),
  ]
}
