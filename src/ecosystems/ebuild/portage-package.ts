// Purpose:  list the packages that portage installed.
// Spec:     portage's installed database: var/db/pkg/CATEGORY/NAME-VERSION with a file for each variable; PMS 3.1, 3.2 for names.
// Input:    path and bytes of the file PF (name and version) from an image; hostile.
// Deviates: nothing.
// Unknowns: a PF that does not end in a version is a problem, never a name alone.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { decodeText } from '../rfc822.ts'

const nameFile = /^var\/db\/pkg\/([A-Za-z0-9_][A-Za-z0-9+_.-]*)\/[^/]+\/PF$/
const longest = 1024

export const portagePackage: Extractor = {
  id: 'portage-package',
  revision: 1,
  maxBytes: 64 * 1024,
  wants: (path) => nameFile.test(path),
  extract: extractName,
}

function extractName(path: string, bytes: Uint8Array): Extraction {
  const [, category] = nameFile.exec(path) ?? []
  const found = splitPf(decodeText(bytes).trim())
  if (category === undefined || found === undefined)
    return {
      instances: [],
      problems: [{ path, reason: 'does not name a package and its version' }],
    }
  const { name, version } = found
  return {
    instances: [
      {
        package: { type: 'ebuild', name: `${category}/${name}`, version },
        path,
        evidence: 'installed',
      },
    ],
    problems: [],
  }
}

/** `Getopt-Long-2.580.0-r1` → name and version: the version begins at the last hyphen before a digit, revision aside. */
export function splitPf(
  text: string,
): { readonly name: string; readonly version: string } | undefined {
  if (text.length > longest) return undefined
  const [, name, version] =
    /^([A-Za-z0-9_][A-Za-z0-9+_-]*?)-([0-9]+(?:\.[0-9]+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)[0-9]*)*(?:-r[0-9]+)?)$/.exec(
      text,
    ) ?? []
  return name === undefined || version === undefined ? undefined : { name, version }
}
