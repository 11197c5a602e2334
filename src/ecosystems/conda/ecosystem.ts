import type { Ecosystem } from '../ecosystem.ts'
import { compareUnordered, lookupNowhere } from '../unordered.ts'
import { condaMeta } from './conda-meta.ts'
import { condaEnvironment } from './environment.ts'

/** What conda builds of Python packages is in site-packages too, and found there with its advisories. */
export const conda: Ecosystem = {
  type: 'conda',
  extractors: [condaMeta, condaEnvironment],
  compareVersions: compareUnordered,
  packageManager: 'CONDA',
  ownsAdvisoryEcosystem: () => false,
  normaliseName: (name) => name,
  lookup: lookupNowhere('builds of conda'),
}
