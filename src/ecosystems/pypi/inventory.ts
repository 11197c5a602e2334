// Purpose:  list the Python packages that are installed.
// Spec:     PyPA, "Recording installed projects" (dist-info) and core metadata; setuptools' egg-info.
// Input:    bytes of METADATA or PKG-INFO from an image; hostile.
// Deviates: nothing.
// Unknowns: metadata without name or version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { decodeText, parseStanzas } from '../rfc822.ts'

const metadata =
  /(?:^|\/)[^/]+\.dist-info\/METADATA$|(?:^|\/)[^/]+\.egg-info\/PKG-INFO$|(?:^|\/)[^/]+\.egg-info$|(?:^|\/)EGG-INFO\/PKG-INFO$/

export const pythonMetadata: Extractor = {
  id: 'python-metadata',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => /(?:METADATA|PKG-INFO|\.egg-info)$/.test(path) && metadata.test(path),
  extract: extractMetadata,
}

function extractMetadata(path: string, bytes: Uint8Array): Extraction {
  // The headers end at the first empty line; the description that follows may be of any length.
  const [headers] = parseStanzas(decodeText(bytes).replace(/^\uFEFF/, '')).stanzas
  const name = headers?.get('name') ?? ''
  const version = headers?.get('version') ?? ''
  if (name === '' || version === '') {
    return {
      instances: [],
      problems: [{ path, reason: `has no ${name === '' ? 'Name' : 'Version'}` }],
    }
  }
  const instance = {
    package: { type: 'pypi', name, version },
    path,
    evidence: 'installed',
  } as const
  return { instances: [instance], problems: [] }
}
