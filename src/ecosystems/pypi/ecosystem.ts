import type { Ecosystem, Lookup, Package } from '../ecosystem.ts'
import { pythonDirectUrl } from './direct-url.ts'
import { pdmLock } from './pdm-lock.ts'
import { pipfileLock } from './pipfile-lock.ts'
import { poetryLock } from './poetry-lock.ts'
import { pylock } from './pylock.ts'
import { pythonMetadata } from './python-metadata.ts'
import { pythonRequirements } from './requirements.ts'
import { uvLock } from './uv-lock.ts'
import { comparePep440Versions } from './version.ts'

export const pypi: Ecosystem = {
  type: 'pypi',
  extractors: [
    pythonMetadata,
    pythonDirectUrl,
    pythonRequirements,
    poetryLock,
    uvLock,
    pipfileLock,
    pdmLock,
    pylock,
  ],
  compareVersions: comparePep440Versions,
  purlName: (name) => ({ name: normalisePythonName(name) }),
  packageManager: 'PYTHONPKG',
  ownsAdvisoryEcosystem: (ecosystem) => ecosystem === 'PyPI',
  normaliseName: normalisePythonName,
  lookup: lookupPython,
}

/** PEP 503: runs of `-`, `_` and `.` are one hyphen, case does not count. */
function normalisePythonName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}

/** Builders that put fixes into a release and say so in the local part of its version (PEP 440). */
const repairedBy = /\+(?:cgr|root\.io|seal|sp)[.0-9]*$/i

/**
 * Another local part tells of a build (`2.0.1+cu118`), and an advisory that ends with 2.0.1 means it too. Where the
 * local part stands for a repair, the version is above the release that it repairs.
 */
function lookupPython({ name, version }: Package): Lookup {
  const isPlainBuild = version.includes('+') && !repairedBy.test(version)
  const judged = isPlainBuild ? version.slice(0, version.indexOf('+')) : version
  return {
    kind: 'keys',
    keys: [{ ecosystem: 'PyPI', name: normalisePythonName(name), version: judged }],
  }
}
