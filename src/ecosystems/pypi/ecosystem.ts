import type { Ecosystem } from '../ecosystem.ts'
import { pythonMetadata } from './inventory.ts'
import { comparePep440Versions } from './version.ts'

export const pypi: Ecosystem = {
  type: 'pypi',
  extractors: [pythonMetadata],
  compareVersions: comparePep440Versions,
  purlName: (name) => ({ name: normalisePythonName(name) }),
  packageManager: 'PYTHONPKG',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'PyPI',
  normaliseName: normalisePythonName,
  lookup: ({ name, version }) => ({
    kind: 'keys',
    keys: [{ ecosystem: 'PyPI', name: normalisePythonName(name), version }],
  }),
}

/** PEP 503: runs of `-`, `_` and `.` are one hyphen, case does not count. */
function normalisePythonName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}
