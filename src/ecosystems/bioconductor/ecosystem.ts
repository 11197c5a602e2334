import { compareCranVersions } from '../cran/version.ts'
import type { Ecosystem } from '../ecosystem.ts'

/** R packages of Bioconductor: installed and locked as CRAN's are, and found by its readers. */
export const bioconductor: Ecosystem = {
  type: 'bioconductor',
  extractors: [],
  compareVersions: compareCranVersions,
  packageManager: 'BIOCONDUCTOR',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'Bioconductor',
  normaliseName: (name) => name,
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: [{ ecosystem: 'Bioconductor', name, version }],
  }),
}
