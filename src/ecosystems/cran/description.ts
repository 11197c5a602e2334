// Purpose:  list the R packages that are installed.
// Spec:     R, "Writing R Extensions", DESCRIPTION; an installed one has `Built`.
// Input:    bytes of LIBRARY/NAME/DESCRIPTION from an image; hostile.
// Deviates: a DESCRIPTION that does not say that it was built is of a source tree, and no package here.
// Unknowns: an installed package without a name or a version is a problem.
import type { Extraction, Extractor } from '../ecosystem.ts'
import { startPackageList, unreadable } from '../package-list.ts'
import { decodeText, parseStanzas, type Stanza } from '../rfc822.ts'

export const rDescription: Extractor = {
  id: 'cran-description',
  revision: 1,
  maxBytes: 1024 * 1024,
  wants: (path) => /(?:^|\/)[A-Za-z][A-Za-z0-9.]*\/DESCRIPTION$/.test(path),
  extract: extractDescription,
}

function extractDescription(path: string, bytes: Uint8Array): Extraction {
  // Continued lines belong to the field above; the reader of stanzas drops them.
  const text = decodeText(bytes).replaceAll(/\r?\n[ \t]+/g, ' ')
  const [fields] = parseStanzas(text).stanzas
  if (fields === undefined || !fields.has('built')) return { instances: [], problems: [] }
  const name = fields.get('package') ?? ''
  if (name === '') return unreadable(path, 'has no Package')
  const list = startPackageList({ type: typeOf(fields), path, evidence: 'installed' })
  const license = fields.get('license') ?? ''
  list.add({
    name,
    version: fields.get('version') ?? '',
    licenses: license === '' ? [] : [license],
    dependsOn: ['depends', 'imports', 'linkingto'].flatMap((field) => namesOf(fields.get(field))),
  })
  return list.extraction()
}

/** Bioconductor's packages name their views, CRAN's have none. */
function typeOf(fields: Stanza): string {
  const isBioconductor = fields.has('biocviews') || fields.get('repository') === 'Bioconductor'
  return isBioconductor ? 'bioconductor' : 'cran'
}

/** `R (>= 3.5), methods, Rcpp (>= 1.0)`: names, without R itself. */
function namesOf(field: string | undefined): readonly string[] {
  const names = (field ?? '').split(',').map((part) => /^\s*([\w.]+)/.exec(part)?.[1] ?? '')
  return names.filter((name) => name !== '' && name !== 'R')
}
