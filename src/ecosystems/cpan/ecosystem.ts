import type { Ecosystem } from '../ecosystem.ts'
import { compareUnordered, lookupNowhere } from '../unordered.ts'
import { cpanInstallRecord } from './install-record.ts'

export const cpan: Ecosystem = {
  type: 'cpan',
  extractors: [cpanInstallRecord],
  compareVersions: compareUnordered,
  packageManager: 'CPAN',
  ownsAdvisoryEcosystem: () => false,
  normaliseName: (name) => name,
  lookup: lookupNowhere('distributions of CPAN in the form that is read here'),
}
